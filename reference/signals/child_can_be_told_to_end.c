/*
 * A timeout, not a deadlock: the child waits for the parent's data, and has a handler of SIGTERM in which it would end.
 */
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void end(int number)
{
    (void)number;
    _exit(EXIT_SUCCESS);
}

int main(void)
{
    int ends[2];
    if (pipe(ends) < 0)
        err(EXIT_FAILURE, "pipe");

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        struct sigaction action = { .sa_handler = end };
        sigaction(SIGTERM, &action, NULL);
        char byte;
        close(ends[1]);
        read(ends[0], &byte, 1);
        _exit(EXIT_SUCCESS);
    }

    waitpid(child, NULL, 0);
    close(ends[0]);
    close(ends[1]);
    return EXIT_SUCCESS;
}
