/*
 * Right: the mutex is unlocked, after a while, before the worker is waited for.
 */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

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
    usleep(100 * 1000);
    pthread_mutex_unlock(&mutex);
    pthread_join(worker, NULL);
    return EXIT_SUCCESS;
}
