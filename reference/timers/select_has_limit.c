/*
 * Right: select gives up after a while.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/select.h>
#include <unistd.h>

int main(void)
{
    int ends[2];
    if (pipe(ends) < 0)
        err(EXIT_FAILURE, "pipe");

    fd_set inputs;
    FD_ZERO(&inputs);
    FD_SET(ends[0], &inputs);
    struct timeval limit = { .tv_usec = 150 * 1000 };
    int ready = select(ends[0] + 1, &inputs, NULL, NULL, &limit);
    close(ends[0]);
    close(ends[1]);
    return ready == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
