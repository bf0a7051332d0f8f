/*
 * Right, if slow: the parent reads until `sleep`, whose standard output the pipe is, has ended.
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

    pid_t sleeper = fork();
    if (sleeper < 0)
        err(EXIT_FAILURE, "fork");
    if (sleeper == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execlp("sleep", "sleep", "0.15", (char *)NULL);
        _exit(127);
    }
    close(ends[1]);

    char text[16];
    while (read(ends[0], text, sizeof text) > 0)
        ;
    close(ends[0]);
    waitpid(sleeper, NULL, 0);
    return EXIT_SUCCESS;
}
