/*
 * Right: sigtimedwait gives up after a while.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

int main(void)
{
    sigset_t awaited;
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGUSR1);
    sigprocmask(SIG_BLOCK, &awaited, NULL);

    struct timespec limit = { .tv_nsec = 150 * 1000 * 1000 };
    return sigtimedwait(&awaited, NULL, &limit) < 0 && errno == EAGAIN ? EXIT_SUCCESS : EXIT_FAILURE;
}
