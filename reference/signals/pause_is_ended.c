/*
 * Right: the child sends the signal that the parent waits for, a while after it has been blocked for good.
 */
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t received;

static void note(int number)
{
    (void)number;
    received = 1;
}

int main(void)
{
    struct sigaction action = { .sa_handler = note };
    sigaction(SIGUSR1, &action, NULL);
    sigset_t sigusr1, before;
    sigemptyset(&sigusr1);
    sigaddset(&sigusr1, SIGUSR1);
    sigprocmask(SIG_BLOCK, &sigusr1, &before);

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        usleep(100 * 1000);
        kill(getppid(), SIGUSR1);
        _exit(EXIT_SUCCESS);
    }
    while (!received)
        sigsuspend(&before);
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
