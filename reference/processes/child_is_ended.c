/*
 * Right: the parent ends its child, which would have stayed, and waits for it.
 */
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
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
    kill(child, SIGTERM);
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
