/*
 * Process limit: starts threads, which wait at a semaphore, until no more can be had; then lets them end.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <unistd.h>

enum { MOST = 500 };

static sem_t may_end;

static void *stay(void *argument)
{
    sem_wait(&may_end);
    return argument;
}

int main(void)
{
    pthread_t threads[MOST];
    int count = 0;
    sem_init(&may_end, 0, 0);
    while (count < MOST && pthread_create(&threads[count], NULL, stay, NULL) == 0)
        count++;
    usleep(300 * 1000);
    for (int i = 0; i < count; i++)
        sem_post(&may_end);
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    return EXIT_SUCCESS;
}
