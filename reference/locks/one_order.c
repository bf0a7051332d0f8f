/*
 * Right: both threads lock the two mutexes in one order.
 */
#include <pthread.h>
#include <stdlib.h>

static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER, right = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t both_are_there;

static void *lock_both(void *argument)
{
    pthread_barrier_wait(&both_are_there);
    pthread_mutex_lock(&left);
    pthread_mutex_lock(&right);
    pthread_mutex_unlock(&right);
    pthread_mutex_unlock(&left);
    return argument;
}

int main(void)
{
    pthread_barrier_init(&both_are_there, NULL, 2);
    pthread_t other;
    pthread_create(&other, NULL, lock_both, NULL);
    lock_both(NULL);
    pthread_join(other, NULL);
    return EXIT_SUCCESS;
}
