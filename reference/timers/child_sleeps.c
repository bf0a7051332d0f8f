/*
 * Right: the parent waits for a child that sleeps, and the child's sibling for a pipe that the child holds.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int ends[2];
    if (pipe(ends) < 0)
        err(EXIT_FAILURE, "pipe");

    pid_t reader = fork();
    if (reader < 0)
        err(EXIT_FAILURE, "fork");
    if (reader == 0) {
        char byte;
        close(ends[1]);
        read(ends[0], &byte, 1);
        _exit(EXIT_SUCCESS);
    }
    pid_t sleeper = fork();
    if (sleeper < 0)
        err(EXIT_FAILURE, "fork");
    if (sleeper == 0) {
        usleep(200 * 1000);
        _exit(EXIT_SUCCESS);
    }
    close(ends[0]);
    close(ends[1]);
    while (wait(NULL) > 0)
        ;
    return EXIT_SUCCESS;
}
