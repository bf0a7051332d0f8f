/*
 * Right: with SIGPIPE ignored, writing to a pipe that nobody reads is an error to be handled.
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    int ends[2];
    if (pipe(ends) < 0)
        err(EXIT_FAILURE, "pipe");

    signal(SIGPIPE, SIG_IGN);
    close(ends[0]);
    int refused = write(ends[1], "hello\n", 6) < 0 && errno == EPIPE;
    close(ends[1]);
    return refused ? EXIT_SUCCESS : EXIT_FAILURE;
}
