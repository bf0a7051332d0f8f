/*
 * Right: the divisor is checked before the division.
 */
#include <stdlib.h>

int main(int argc, char *argv[])
{
    (void)argv;
    volatile int arguments = argc - 1;
    if (arguments == 0)
        return EXIT_SUCCESS;
    return 100 / arguments == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
