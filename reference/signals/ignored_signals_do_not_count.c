/*
 * Deadlock: the program reads its own pipe. That it ignores SIGINT, and blocks SIGTERM, for which it has a handler,
 * leaves no signal that could end the wait.
 */
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static int ends[2];

static void pass_on(int number)
{
    write(ends[1], &number, sizeof number);
}

int main(void)
{
    if (pipe(ends) < 0)
        err(EXIT_FAILURE, "pipe");
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, pass_on);
    sigset_t sigterm;
    sigemptyset(&sigterm);
    sigaddset(&sigterm, SIGTERM);
    sigprocmask(SIG_BLOCK, &sigterm, NULL);

    int number;
    read(ends[0], &number, sizeof number);
    return EXIT_SUCCESS;
}
