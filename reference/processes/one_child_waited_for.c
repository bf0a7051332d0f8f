/*
 * Right: the parent waits for its child.
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
        _exit(EXIT_SUCCESS);

    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
