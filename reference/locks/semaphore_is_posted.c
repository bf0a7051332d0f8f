/*
 * Right: a thread posts the semaphore after a while.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <unistd.h>

static sem_t items;

static void *post_late(void *argument)
{
    usleep(100 * 1000);
    sem_post(&items);
    return argument;
}

int main(void)
{
    sem_init(&items, 0, 0);
    pthread_t poster;
    pthread_create(&poster, NULL, post_late, NULL);
    sem_wait(&items);
    pthread_join(poster, NULL);
    return EXIT_SUCCESS;
}
