/*
 * Right: the first thread sends the signal for which the other waits in sigwait.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

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
    usleep(100 * 1000);
    kill(getpid(), SIGTERM);
    pthread_join(waiting, NULL);
    return EXIT_SUCCESS;
}
