/*
 * A timeout, not a deadlock: the program waits for a signal, which anyone may send.
 */
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    pause();
    return EXIT_SUCCESS;
}
