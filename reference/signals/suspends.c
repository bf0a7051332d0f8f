/*
 * A timeout, not a deadlock: parent and child each wait in sigsuspend for a signal of the other. Someone outside could
 * send one, too.
 */
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void do_nothing(int number)
{
    (void)number;
}

int main(void)
{
    struct sigaction action = { .sa_handler = do_nothing };
    sigaction(SIGUSR1, &action, NULL);
    sigset_t none;
    sigemptyset(&none);

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        sigsuspend(&none);
        kill(getppid(), SIGUSR1);
        _exit(EXIT_SUCCESS);
    }
    sigsuspend(&none);
    kill(child, SIGUSR1);
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
