/*
 * Right: the child gives the inherited read end another number, and ends with that. It has opened nothing.
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
        dup2(ends[0], 10);
        close(ends[0]);
        close(ends[1]);
        exit(EXIT_SUCCESS);
    }
    close(ends[0]);
    close(ends[1]);
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
