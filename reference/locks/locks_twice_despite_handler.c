/*
 * Deadlock: locks a mutex that it already holds. The handler of SIGINT changes nothing: no signal ends the wait for a
 * mutex, and no handler may unlock one.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static volatile sig_atomic_t interrupted;

static void note(int number)
{
    (void)number;
    interrupted = 1;
}

int main(void)
{
    struct sigaction action = { .sa_handler = note };
    sigaction(SIGINT, &action, NULL);

    pthread_mutex_lock(&mutex);
    pthread_mutex_lock(&mutex);
    return EXIT_SUCCESS;
}
