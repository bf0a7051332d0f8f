/*
 * A timeout, not a deadlock: SIGINT interrupts waitpid, whereupon the parent closes the pipe that its child reads.
 */
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void do_nothing(int number)
{
    (void)number;
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
        char byte;
        close(ends[1]);
        read(ends[0], &byte, 1);
        _exit(EXIT_SUCCESS);
    }

    struct sigaction action = { .sa_handler = do_nothing };
    sigaction(SIGINT, &action, NULL);
    int interrupted = waitpid(child, NULL, 0) < 0;
    close(ends[0]);
    close(ends[1]);
    if (interrupted)
        waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
