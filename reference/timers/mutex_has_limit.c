/*
 * Right: two threads lock two mutexes in opposite orders, but both give up after a while and give back what they hold.
 */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER, right = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t each_holds_one;

static void try_both(pthread_mutex_t *first, pthread_mutex_t *second)
{
    pthread_mutex_lock(first);
    pthread_barrier_wait(&each_holds_one);
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 1;
    if (pthread_mutex_timedlock(second, &limit) == 0)
        pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}

static void *right_then_left(void *argument)
{
    try_both(&right, &left);
    return argument;
}

int main(void)
{
    pthread_barrier_init(&each_holds_one, NULL, 2);
    pthread_t other;
    pthread_create(&other, NULL, right_then_left, NULL);
    try_both(&left, &right);
    pthread_join(other, NULL);
    return EXIT_SUCCESS;
}
