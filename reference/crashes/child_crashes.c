/*
 * Crash: of a child. That its parent waits for it and carries on does not make the defect go away.
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
    if (child == 0) {
        volatile int *volatile nowhere = NULL;
        *nowhere = 1;
        _exit(EXIT_SUCCESS);
    }

    int status;
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? EXIT_SUCCESS : EXIT_FAILURE;
}
