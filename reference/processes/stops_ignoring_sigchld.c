/*
 * A zombie: SIGCHLD was ignored once, but no longer is when the child ends.
 */
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    signal(SIGCHLD, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0)
        _exit(EXIT_SUCCESS);
    usleep(50 * 1000);
    return EXIT_SUCCESS;
}
