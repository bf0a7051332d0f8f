/*
 * Right: the writer before `head` ignores SIGPIPE and stops when a write fails.
 */
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int ends[2];
    if (pipe(ends) < 0)
        err(EXIT_FAILURE, "pipe");

    pid_t writer = fork();
    if (writer < 0)
        err(EXIT_FAILURE, "fork");
    if (writer == 0) {
        signal(SIGPIPE, SIG_IGN);
        close(ends[0]);
        while (write(ends[1], "yes\n", 4) > 0)
            ;
        _exit(EXIT_SUCCESS);
    }
    pid_t head = fork();
    if (head < 0)
        err(EXIT_FAILURE, "fork");
    if (head == 0) {
        dup2(ends[0], STDIN_FILENO);
        close(ends[0]);
        close(ends[1]);
        execlp("head", "head", "-n", "1", (char *)NULL);
        _exit(127);
    }

    close(ends[0]);
    close(ends[1]);
    while (wait(NULL) > 0)
        ;
    return EXIT_SUCCESS;
}
