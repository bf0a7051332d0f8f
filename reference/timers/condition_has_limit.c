/*
 * Right: the worker waits for a condition with a time limit, and the first thread waits for the worker.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static void *work(void *gave_up)
{
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 1;

    int result = 0;
    pthread_mutex_lock(&mutex);
    while (result == 0)
        result = pthread_cond_timedwait(&changed, &mutex, &limit);
    pthread_mutex_unlock(&mutex);
    *(int *)gave_up = result == ETIMEDOUT;
    return NULL;
}

int main(void)
{
    int gave_up = 0;
    pthread_t worker;
    pthread_create(&worker, NULL, work, &gave_up);
    pthread_join(worker, NULL);
    return gave_up ? EXIT_SUCCESS : EXIT_FAILURE;
}
