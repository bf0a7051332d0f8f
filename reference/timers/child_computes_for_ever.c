/*
 * A timeout, not a deadlock: the parent waits for a child that computes without end.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0)
        for (volatile unsigned count = 0;; count++)
            ;
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
