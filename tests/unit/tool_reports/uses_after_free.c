#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(void)
{
    char *text = malloc(10);
    strcpy(text, "hello");
    free(text);
    printf("%s\n", text);
    return 0;
}
