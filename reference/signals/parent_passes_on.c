/*
 * A timeout, not a deadlock: the parent's handler of SIGTERM tells the child by a pipe to end. Until then the child
 * reads that pipe, and the parent waits for the child.
 */
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int ends[2];

static void tell_child(int number)
{
    write(ends[1], &number, sizeof number);
}

int main(void)
{
    if (pipe(ends) < 0)
        err(EXIT_FAILURE, "pipe");

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        int number;
        close(ends[1]);
        read(ends[0], &number, sizeof number);
        _exit(EXIT_SUCCESS);
    }

    struct sigaction action = { .sa_handler = tell_child, .sa_flags = SA_RESTART };
    sigaction(SIGTERM, &action, NULL);
    waitpid(child, NULL, 0);
    close(ends[0]);
    close(ends[1]);
    return EXIT_SUCCESS;
}
