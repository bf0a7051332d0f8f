/*
 * Right: parent and child each wait for their own child.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void start_and_wait(void)
{
    pid_t grandchild = fork();
    if (grandchild == 0)
        _exit(EXIT_SUCCESS);
    waitpid(grandchild, NULL, 0);
}

int main(void)
{
    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        start_and_wait();
        _exit(EXIT_SUCCESS);
    }
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
