/*
 * Right: an alarm ends the read from a pipe that nobody would write to.
 */
#include <err.h>
#include <errno.h>
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

    char byte;
    alarm(1);
    int interrupted = read(ends[0], &byte, 1) < 0 && errno == EINTR;
    close(ends[0]);
    close(ends[1]);
    return interrupted ? EXIT_SUCCESS : EXIT_FAILURE;
}
