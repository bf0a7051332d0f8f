/*
 * Leaves two timers open at exit: two objects, two leaks, though the kernel gives both the same name.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/timerfd.h>

int main(void)
{
    if (timerfd_create(CLOCK_MONOTONIC, 0) < 0 || timerfd_create(CLOCK_MONOTONIC, 0) < 0)
        err(EXIT_FAILURE, "timerfd_create");
    return EXIT_SUCCESS;
}
