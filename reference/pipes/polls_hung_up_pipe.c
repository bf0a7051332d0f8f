/*
 * Right: once the write end is closed, poll reports the hang-up at once.
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

    close(ends[1]);
    struct pollfd watched = { .fd = ends[0], .events = POLLIN };
    if (poll(&watched, 1, -1) < 0)
        err(EXIT_FAILURE, "poll");
    close(ends[0]);
    return watched.revents & POLLHUP ? EXIT_SUCCESS : EXIT_FAILURE;
}
