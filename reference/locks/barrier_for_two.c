/*
 * Right: a barrier for two, and both come, one of them late.
 */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static pthread_barrier_t barrier;

static void *arrive(void *argument)
{
    pthread_barrier_wait(&barrier);
    return argument;
}

int main(void)
{
    pthread_barrier_init(&barrier, NULL, 2);
    pthread_t other;
    pthread_create(&other, NULL, arrive, NULL);
    usleep(100 * 1000);
    arrive(NULL);
    pthread_join(other, NULL);
    return EXIT_SUCCESS;
}
