#include <stdlib.h>
int main(void)
{
    char *text = malloc(10);
    free(text + 2);
    return 0;
}
