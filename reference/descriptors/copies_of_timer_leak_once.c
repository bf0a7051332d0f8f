/*
 * Leaks one timer into exec through two descriptors: one object, one leak.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

int main(void)
{
    int timer = timerfd_create(CLOCK_MONOTONIC, 0);
    if (timer < 0 || dup(timer) < 0)
        err(EXIT_FAILURE, "timerfd_create");

    execl("/bin/true", "true", (char *)NULL);
    err(EXIT_FAILURE, "true");
}
