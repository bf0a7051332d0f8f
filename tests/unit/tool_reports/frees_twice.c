#include <stdlib.h>
static void drop(char *p) { free(p); }
int main(void)
{
    char *text = malloc(10);
    drop(text);
    drop(text);
    return 0;
}
