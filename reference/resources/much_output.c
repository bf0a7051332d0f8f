/*
 * Right: writes much, but less than the limit of 1 MiB.
 */
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    static const char block[4096];
    for (int i = 0; i < 250; i++)
        if (write(STDOUT_FILENO, block, sizeof block) != sizeof block)
            return EXIT_FAILURE;
    return EXIT_SUCCESS;
}
