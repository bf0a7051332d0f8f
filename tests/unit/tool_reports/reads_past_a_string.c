#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(void)
{
    char *word = malloc(4);
    memcpy(word, "word", 4);
    printf("%zu\n", strlen(word));
    free(word);
    return 0;
}
