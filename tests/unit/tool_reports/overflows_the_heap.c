#include <stdlib.h>
#include <string.h>
static void fill(char *text, size_t size)
{
    for (size_t i = 0; i <= size; i++)
        text[i] = 'x';
}
int main(void)
{
    char *text = malloc(10);
    fill(text, 10);
    free(text);
    return 0;
}
