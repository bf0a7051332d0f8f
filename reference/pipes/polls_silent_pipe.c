/*
 * Deadlock: poll without a time limit on a pipe whose only write end is the program's own.
 */
#include <err.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    int ends[2];
    if (pipe(ends) < 0)
        err(EXIT_FAILURE, "pipe");

    struct pollfd watched = { .fd = ends[0], .events = POLLIN };
    if (poll(&watched, 1, -1) < 0)
        err(EXIT_FAILURE, "poll");
    return EXIT_SUCCESS;
}
