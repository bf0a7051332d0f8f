/*
 * Deadlock: reads a timerfd that has never been armed.
 */
#include <err.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

int main(void)
{
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    if (timer < 0)
        err(EXIT_FAILURE, "timerfd_create");

    uint64_t times;
    read(timer, &times, sizeof times);
    close(timer);
    return EXIT_SUCCESS;
}
