/*
 * Deadlock: the alarm that would have ended the read is cancelled before.
 */
#include <err.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    int ends[2];
    if (pipe(ends) < 0)
        err(EXIT_FAILURE, "pipe");

    char byte;
    alarm(1);
    alarm(0);
    read(ends[0], &byte, 1);
    return EXIT_SUCCESS;
}
