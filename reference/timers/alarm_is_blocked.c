/*
 * Deadlock: the alarm would end the read from a pipe that nobody writes to, but its signal is blocked: it stays pending
 * for ever.
 */
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static void do_nothing(int number)
{
    (void)number;
}

int main(void)
{
    int ends[2];
    if (pipe(ends) < 0)
        err(EXIT_FAILURE, "pipe");
    struct sigaction action = { .sa_handler = do_nothing };
    sigaction(SIGALRM, &action, NULL);

    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    sigprocmask(SIG_BLOCK, &set, NULL);

    char byte;
    alarm(1);
    read(ends[0], &byte, 1);
    close(ends[0]);
    close(ends[1]);
    return EXIT_SUCCESS;
}
