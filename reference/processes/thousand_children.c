/*
 * Right: a thousand short-lived children, one after the other, each waited for.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    for (int i = 0; i < 1000; i++) {
        pid_t child = fork();
        if (child < 0)
            err(EXIT_FAILURE, "fork");
        if (child == 0)
            _exit(EXIT_SUCCESS);
        waitpid(child, NULL, 0);
    }
    return EXIT_SUCCESS;
}
