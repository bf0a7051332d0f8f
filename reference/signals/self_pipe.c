/*
 * A timeout, not a deadlock: the program reads a pipe of its own, into which its handler of SIGTERM writes. Whoever
 * sends that signal ends the wait.
 */
#include <err.h>
#include <errno.h>
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
    struct sigaction action = { .sa_handler = pass_on };
    sigaction(SIGTERM, &action, NULL);

    int number;
    while (read(ends[0], &number, sizeof number) < 0 && errno == EINTR)
        ;
    close(ends[0]);
    close(ends[1]);
    return EXIT_SUCCESS;
}
