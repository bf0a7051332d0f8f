/*
 * Deadlock: the first thread holds the mutex that the worker needs to end, while it waits for that end.
 */
#include <pthread.h>
#include <stdlib.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *work(void *argument)
{
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    return argument;
}

int main(void)
{
    pthread_t worker;
    pthread_mutex_lock(&mutex);
    pthread_create(&worker, NULL, work, NULL);
    pthread_join(worker, NULL);
    pthread_mutex_unlock(&mutex);
    return EXIT_SUCCESS;
}
