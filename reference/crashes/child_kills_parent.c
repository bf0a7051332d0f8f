/*
 * Right: the child ends its parent by a signal, which is no crash of the parent's.
 */
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        kill(getppid(), SIGABRT);
        _exit(EXIT_SUCCESS);
    }
    for (;;)
        sleep(10);
}
