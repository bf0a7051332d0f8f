/*
 * Right: reads a timerfd, which expires.
 */
#include <err.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

int main(void)
{
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    struct itimerspec soon = { .it_value.tv_nsec = 150 * 1000 * 1000 };
    if (timer < 0 || timerfd_settime(timer, 0, &soon, NULL) < 0)
        err(EXIT_FAILURE, "timerfd");

    uint64_t times;
    read(timer, &times, sizeof times);
    close(timer);
    return times == 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
