/*
 * Right: poll gives up after a while.
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
    int ready = poll(&watched, 1, 150);
    close(ends[0]);
    close(ends[1]);
    return ready == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
