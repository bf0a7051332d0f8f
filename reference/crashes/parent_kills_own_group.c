/*
 * Right: the parent ends all of its own process group by one signal, which it ignores itself.
 */
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    for (int i = 0; i < 3; i++) {
        pid_t child = fork();
        if (child < 0)
            err(EXIT_FAILURE, "fork");
        if (child == 0)
            for (;;)
                sleep(10);
    }
    signal(SIGABRT, SIG_IGN);
    kill(0, SIGABRT);
    while (wait(NULL) > 0)
        ;
    return EXIT_SUCCESS;
}
