/*
 * Right: the first thread joins others that sleep, one while it holds a mutex that the other wants.
 */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *sleep_holding_mutex(void *argument)
{
    pthread_mutex_lock(&mutex);
    usleep(100 * 1000);
    pthread_mutex_unlock(&mutex);
    return argument;
}

int main(void)
{
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, sleep_holding_mutex, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    return EXIT_SUCCESS;
}
