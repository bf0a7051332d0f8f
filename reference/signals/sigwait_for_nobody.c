/*
 * A timeout, not a deadlock: a thread waits in sigwait for a signal, and the first thread waits for that thread.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

static sigset_t awaited;

static void *await_signal(void *argument)
{
    int number;
    sigwait(&awaited, &number);
    return argument;
}

int main(void)
{
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &awaited, NULL);

    pthread_t waiting;
    pthread_create(&waiting, NULL, await_signal, NULL);
    pthread_join(waiting, NULL);
    return EXIT_SUCCESS;
}
