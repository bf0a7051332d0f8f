/*
 * Right: starts as many children at a time as a program may have, ends them all and waits for them.
 */
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { COUNT = 100 };

int main(void)
{
    pid_t children[COUNT];
    for (int i = 0; i < COUNT; i++) {
        children[i] = fork();
        if (children[i] < 0)
            err(EXIT_FAILURE, "fork");
        if (children[i] == 0)
            for (;;)
                pause();
    }
    usleep(100 * 1000);
    for (int i = 0; i < COUNT; i++)
        kill(children[i], SIGKILL);
    while (wait(NULL) > 0)
        ;
    return EXIT_SUCCESS;
}
