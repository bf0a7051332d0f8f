/*
 * Deadlock: a barrier for three, and only two threads come.
 */
#include <pthread.h>
#include <stdlib.h>

static pthread_barrier_t barrier;

static void *arrive(void *argument)
{
    pthread_barrier_wait(&barrier);
    return argument;
}

int main(void)
{
    pthread_barrier_init(&barrier, NULL, 3);
    pthread_t other;
    pthread_create(&other, NULL, arrive, NULL);
    arrive(NULL);
    pthread_join(other, NULL);
    return EXIT_SUCCESS;
}
