/*
 * Right: the children of a process that ignores SIGCHLD never become zombies.
 */
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    signal(SIGCHLD, SIG_IGN);
    for (int i = 0; i < 3; i++) {
        pid_t child = fork();
        if (child < 0)
            err(EXIT_FAILURE, "fork");
        if (child == 0)
            _exit(EXIT_SUCCESS);
    }
    return EXIT_SUCCESS;
}
