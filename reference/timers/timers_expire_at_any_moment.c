/*
 * Right: one timer after the other ends a read, each after another while, so that some expire just when somebody looks.
 */
#include <err.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

int main(void)
{
    int timer = timerfd_create(CLOCK_MONOTONIC, 0);
    if (timer < 0)
        err(EXIT_FAILURE, "timerfd_create");

    for (int round = 0; round < 300; round++) {
        uint64_t expired;
        struct itimerspec soon = { .it_value.tv_nsec = 8 * 1000 * 1000 + round * 37 % 160 * 100 * 1000 };
        if (timerfd_settime(timer, 0, &soon, NULL) < 0 || read(timer, &expired, sizeof expired) != sizeof expired)
            err(EXIT_FAILURE, "timer");
    }
    close(timer);
    return EXIT_SUCCESS;
}
