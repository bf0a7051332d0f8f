/*
 * Right: the parent ends its children by signals, some of which otherwise tell of a crash, and waits for them.
 */
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    static const int signals[] = { SIGKILL, SIGTERM, SIGSEGV, SIGABRT, SIGFPE, SIGPIPE, SIGALRM, SIGUSR1 };
    for (unsigned i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        pid_t child = fork();
        if (child < 0)
            err(EXIT_FAILURE, "fork");
        if (child == 0)
            for (;;)
                sleep(10);
        kill(child, signals[i]);
        waitpid(child, NULL, 0);
    }
    return EXIT_SUCCESS;
}
