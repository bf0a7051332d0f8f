/*
 * A zombie: WNOWAIT tells that the child has ended, and leaves it to be waited for.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0)
        _exit(EXIT_SUCCESS);

    siginfo_t ended;
    if (waitid(P_PID, (id_t)child, &ended, WEXITED | WNOWAIT) < 0)
        err(EXIT_FAILURE, "waitid");
    return EXIT_SUCCESS;
}
