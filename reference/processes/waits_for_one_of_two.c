/*
 * A zombie: a single wait takes leave of one child, and there are two.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    for (int i = 0; i < 2; i++) {
        pid_t child = fork();
        if (child < 0)
            err(EXIT_FAILURE, "fork");
        if (child == 0)
            _exit(EXIT_SUCCESS);
    }
    wait(NULL);
    return EXIT_SUCCESS;
}
