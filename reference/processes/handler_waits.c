/*
 * Right: a handler of SIGCHLD waits for whoever has ended, several at a time if signals have merged. Between signals
 * the program sleeps in sigsuspend.
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILDREN = 20 };

static volatile sig_atomic_t waited_for;

static void wait_for_ended(int number)
{
    (void)number;
    int saved = errno;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        waited_for++;
    errno = saved;
}

int main(void)
{
    struct sigaction action = { .sa_handler = wait_for_ended, .sa_flags = SA_RESTART };
    sigaction(SIGCHLD, &action, NULL);
    sigset_t sigchld, before;
    sigemptyset(&sigchld);
    sigaddset(&sigchld, SIGCHLD);
    sigprocmask(SIG_BLOCK, &sigchld, &before);

    for (int i = 0; i < CHILDREN; i++) {
        pid_t child = fork();
        if (child < 0)
            err(EXIT_FAILURE, "fork");
        if (child == 0)
            _exit(EXIT_SUCCESS);
    }
    while (waited_for < CHILDREN)
        sigsuspend(&before);
    return EXIT_SUCCESS;
}
