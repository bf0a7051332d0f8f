/*
 * Crash: writes through a null pointer.
 */
#include <stdlib.h>

int main(int argc, char *argv[])
{
    (void)argv;
    int value = 0;
    volatile int *volatile place = argc > 1 ? &value : NULL;
    *place = 1;
    return value;
}
