/*
 * Right: with O_NONBLOCK a full pipe is an error to be handled, not a wait.
 */
#define _GNU_SOURCE /* pipe2 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    int ends[2];
    if (pipe2(ends, O_NONBLOCK) < 0)
        err(EXIT_FAILURE, "pipe2");

    static const char block[4096];
    while (write(ends[1], block, sizeof block) > 0)
        ;
    int full = errno == EAGAIN;
    close(ends[0]);
    close(ends[1]);
    return full ? EXIT_SUCCESS : EXIT_FAILURE;
}
