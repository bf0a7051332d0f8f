/*
 * Right: the program sends SIGTERM to itself and has a handler for it.
 */
#include <signal.h>
#include <stdlib.h>

static volatile sig_atomic_t terminated;

static void note(int number)
{
    (void)number;
    terminated = 1;
}

int main(void)
{
    struct sigaction action = { .sa_handler = note };
    sigaction(SIGTERM, &action, NULL);
    raise(SIGTERM);
    return terminated ? EXIT_SUCCESS : EXIT_FAILURE;
}
