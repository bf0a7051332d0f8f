/*
 * Two orphans: one child computes, the other executes `sleep`; neither has ended when the program has.
 */
#include <err.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    pid_t computing = fork();
    if (computing < 0)
        err(EXIT_FAILURE, "fork");
    if (computing == 0)
        for (volatile unsigned count = 0;; count++)
            ;
    pid_t sleeping = fork();
    if (sleeping < 0)
        err(EXIT_FAILURE, "fork");
    if (sleeping == 0) {
        execlp("sleep", "sleep", "10", (char *)NULL);
        _exit(127);
    }
    usleep(50 * 1000);
    return EXIT_SUCCESS;
}
