/*
 * Crash: the program writes to a pipe that nobody reads any more, and SIGPIPE ends it.
 */
#include <err.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    int ends[2];
    if (pipe(ends) < 0)
        err(EXIT_FAILURE, "pipe");

    close(ends[0]);
    write(ends[1], "hello\n", 6);
    close(ends[1]);
    return EXIT_SUCCESS;
}
