/*
 * Right: the parent waits for a child that computes.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void compute_for(clock_t ticks)
{
    while (clock() < ticks)
        ;
}

int main(void)
{
    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        compute_for(CLOCKS_PER_SEC / 5);
        _exit(EXIT_SUCCESS);
    }
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
