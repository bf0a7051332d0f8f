/*
 * Right: after the read end has become its standard input, the child closes both original ends and executes.
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

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        dup2(ends[0], STDIN_FILENO);
        close(ends[0]);
        close(ends[1]);
        execl("/bin/true", "true", (char *)NULL);
        _exit(127);
    }

    close(ends[0]);
    close(ends[1]);
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
