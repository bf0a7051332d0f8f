/*
 * Crash: the program sends SIGTERM to itself and has no handler for it.
 */
#include <signal.h>
#include <stdlib.h>

int main(void)
{
    raise(SIGTERM);
    return EXIT_SUCCESS;
}
