/*
 * Output limit: a child writes to standard error without end, while its parent waits for it.
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
        static const char block[4096];
        while (write(STDERR_FILENO, block, sizeof block) > 0)
            ;
        _exit(EXIT_SUCCESS);
    }
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
