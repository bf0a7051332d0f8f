/*
 * Deadlock: two threads lock two mutexes in opposite orders. The barrier makes certain that each holds one before
 * either wants the other.
 */
#include <pthread.h>
#include <stdlib.h>

static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER, right = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t each_holds_one;

static void lock_both(pthread_mutex_t *first, pthread_mutex_t *second)
{
    pthread_mutex_lock(first);
    pthread_barrier_wait(&each_holds_one);
    pthread_mutex_lock(second);
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}

static void *right_then_left(void *argument)
{
    (void)argument;
    lock_both(&right, &left);
    return NULL;
}

int main(void)
{
    pthread_barrier_init(&each_holds_one, NULL, 2);
    pthread_t other;
    pthread_create(&other, NULL, right_then_left, NULL);
    lock_both(&left, &right);
    pthread_join(other, NULL);
    return EXIT_SUCCESS;
}
