/*
 * Memory limit: uses more and more memory until the kernel ends it.
 */
#include <stdlib.h>
#include <string.h>

int main(void)
{
    char *block;
    while ((block = malloc(1 << 20)) != NULL)
        memset(block, 1, 1 << 20);
    return EXIT_SUCCESS;
}
