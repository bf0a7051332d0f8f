/*
 * Right: the child gives the inherited timer another number, and ends with that. It has opened nothing, though the
 * kernel tells one timer from another only by their numbers.
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
        dup2(timer, 10);
        close(timer);
        exit(EXIT_SUCCESS);
    }
    close(timer);
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
