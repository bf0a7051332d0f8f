/*
 * An orphan: the child is still running long after its parent, the program's first process, has ended.
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
        sleep(10);
        _exit(EXIT_SUCCESS);
    }
    return EXIT_SUCCESS;
}
