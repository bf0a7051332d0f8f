/*
 * Right: a child that is there only to fork ends at once and is waited for, so that init waits for the grandchild. That
 * this one ends a moment later makes it no zombie.
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
    if (child == 0) {
        if (fork() != 0)
            _exit(EXIT_SUCCESS);
        usleep(50 * 1000);
        _exit(EXIT_SUCCESS);
    }
    waitpid(child, NULL, 0);
    usleep(150 * 1000);
    return EXIT_SUCCESS;
}
