/*
 * Leaves nothing open that is its own: the child makes a copy of the timer that it inherits, and closes neither. A copy
 * is its parent's business as much as what it is a copy of, though the kernel gives every timer the same name.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int timer = timerfd_create(CLOCK_MONOTONIC, 0);
    if (timer < 0)
        err(EXIT_FAILURE, "timerfd_create");

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        if (dup(timer) < 0)
            err(EXIT_FAILURE, "dup");
        exit(EXIT_SUCCESS);
    }

    close(timer);
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
