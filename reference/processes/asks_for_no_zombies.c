/*
 * Right: nor do those of a process that has set SA_NOCLDWAIT.
 */
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    struct sigaction action = { .sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT };
    sigaction(SIGCHLD, &action, NULL);
    for (int i = 0; i < 3; i++) {
        pid_t child = fork();
        if (child < 0)
            err(EXIT_FAILURE, "fork");
        if (child == 0)
            _exit(EXIT_SUCCESS);
    }
    return EXIT_SUCCESS;
}
