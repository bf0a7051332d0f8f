/*
 * Right: the parent makes its children, when they have run for a while, a process group of their own, and ends that by
 * one signal.
 */
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    pid_t children[3];
    for (int i = 0; i < 3; i++) {
        children[i] = fork();
        if (children[i] < 0)
            err(EXIT_FAILURE, "fork");
        if (children[i] == 0)
            for (;;)
                sleep(10);
    }
    usleep(50 * 1000);
    for (int i = 0; i < 3; i++)
        setpgid(children[i], children[0]);
    kill(-children[0], SIGABRT);
    while (wait(NULL) > 0)
        ;
    return EXIT_SUCCESS;
}
