/*
 * Right: there is data in the pipe that splice moves into the other.
 */
#define _GNU_SOURCE /* splice, close_range */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    int from[2], to[2];
    if (pipe(from) < 0 || pipe(to) < 0 || write(from[1], "hello", 5) < 0)
        err(EXIT_FAILURE, "pipe");

    if (splice(from[0], NULL, to[1], NULL, 4096, 0) != 5)
        err(EXIT_FAILURE, "splice");
    close_range(STDERR_FILENO + 1, ~0U, 0);
    return EXIT_SUCCESS;
}
