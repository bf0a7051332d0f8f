/*
 * Right: uses much memory, but less than the limit of 256 MiB, and gives it back.
 */
#include <stdlib.h>
#include <string.h>

int main(void)
{
    size_t size = 100 << 20;
    char *block = malloc(size);
    if (block == NULL)
        return EXIT_FAILURE;
    memset(block, 1, size);
    free(block);
    return EXIT_SUCCESS;
}
