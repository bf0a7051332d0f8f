/*
 * Deadlock: the program writes into its own pipe until it is full, and is the only one who could read it.
 */
#include <err.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    int ends[2];
    if (pipe(ends) < 0)
        err(EXIT_FAILURE, "pipe");

    static const char block[4096];
    while (write(ends[1], block, sizeof block) > 0)
        ;
    return EXIT_SUCCESS;
}
