/*
 * Crash, and a zombie: the child aborts, and its parent does not even wait for it.
 */
#include <err.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0)
        abort();
    usleep(50 * 1000);
    return EXIT_SUCCESS;
}
