/*
 * Right: the pointer is checked before it is used.
 */
#include <stdlib.h>

int main(int argc, char *argv[])
{
    (void)argv;
    int value = 0;
    volatile int *volatile place = argc > 1 ? &value : NULL;
    if (place != NULL)
        *place = 1;
    return value;
}
