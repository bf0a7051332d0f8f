/*
 * Right: the first process is a subreaper, so the grandchild becomes its child when the child has ended, and it waits
 * for both.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1);

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        if (fork() == 0)
            usleep(50 * 1000);
        _exit(EXIT_SUCCESS);
    }
    while (wait(NULL) > 0)
        ;
    return EXIT_SUCCESS;
}
