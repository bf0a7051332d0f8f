/*
 * Leaks a pipe into exec: the child makes the read end its standard input, but keeps both original ends open. They
 * are two descriptors of one object, hence one leak.
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
        execl("/bin/true", "true", (char *)NULL);
        _exit(127);
    }

    close(ends[0]);
    close(ends[1]);
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
