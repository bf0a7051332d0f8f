/*
 * Crash: a thread's invalid access ends the whole process.
 */
#include <pthread.h>
#include <stdlib.h>

static void *work(void *place)
{
    *(volatile int *)place = 1;
    return NULL;
}

int main(void)
{
    pthread_t worker;
    pthread_create(&worker, NULL, work, NULL);
    pthread_join(worker, NULL);
    return EXIT_SUCCESS;
}
