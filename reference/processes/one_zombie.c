/*
 * A zombie: the child has ended, its parent knows it has (the pipe between them has ended), and never waits for it.
 */
#include <err.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    int ends[2];
    if (pipe(ends) < 0)
        err(EXIT_FAILURE, "pipe");

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0)
        _exit(EXIT_SUCCESS);

    char byte;
    close(ends[1]);
    read(ends[0], &byte, 1);
    close(ends[0]);
    return EXIT_SUCCESS;
}
