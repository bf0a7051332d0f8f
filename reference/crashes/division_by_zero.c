/*
 * Crash: an integer division by zero. (Machines of the ARM family yield 0 instead.)
 */
#include <stdlib.h>

int main(int argc, char *argv[])
{
    (void)argv;
    volatile int arguments = argc - 1;
    return 100 / arguments == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
