/*
 * A timeout: looks every few milliseconds for a flag that nobody sets.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

static volatile bool ready;

int main(void)
{
    while (!ready)
        usleep(3 * 1000);
    return EXIT_SUCCESS;
}
