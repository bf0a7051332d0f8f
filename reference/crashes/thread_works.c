/*
 * Right: the thread is given a valid address.
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
    int value = 0;
    pthread_t worker;
    pthread_create(&worker, NULL, work, &value);
    pthread_join(worker, NULL);
    return value == 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
