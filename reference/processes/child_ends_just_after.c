/*
 * As good as a zombie: the child is still running when its parent ends, and ends a moment later. Which comes first is
 * chance; that nobody waited is not.
 */
#include <err.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        usleep(20 * 1000);
        _exit(EXIT_SUCCESS);
    }
    return EXIT_SUCCESS;
}
