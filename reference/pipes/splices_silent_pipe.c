/*
 * Deadlock: splice moves data out of a pipe that stays empty, as the only write end is the program's own.
 */
#define _GNU_SOURCE /* splice */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    int from[2], to[2];
    if (pipe(from) < 0 || pipe(to) < 0)
        err(EXIT_FAILURE, "pipe");

    if (splice(from[0], NULL, to[1], NULL, 4096, 0) < 0)
        err(EXIT_FAILURE, "splice");
    return EXIT_SUCCESS;
}
