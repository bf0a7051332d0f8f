/*
 * Right: as many threads as a program may have, which wait at a semaphore until they may end.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <unistd.h>

enum { COUNT = 100 };

static sem_t may_end;

static void *stay(void *argument)
{
    sem_wait(&may_end);
    return argument;
}

int main(void)
{
    pthread_t threads[COUNT];
    sem_init(&may_end, 0, 0);
    for (int i = 0; i < COUNT; i++)
        if (pthread_create(&threads[i], NULL, stay, NULL) != 0)
            return EXIT_FAILURE;
    usleep(100 * 1000);
    for (int i = 0; i < COUNT; i++)
        sem_post(&may_end);
    for (int i = 0; i < COUNT; i++)
        pthread_join(threads[i], NULL);
    return EXIT_SUCCESS;
}
