/*
 * Right: an error-checking mutex refuses to be locked twice by one thread, and the program handles that.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

int main(void)
{
    pthread_mutex_t mutex;
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&mutex, &attributes);

    pthread_mutex_lock(&mutex);
    int refused = pthread_mutex_lock(&mutex) == EDEADLK;
    pthread_mutex_unlock(&mutex);
    return refused ? EXIT_SUCCESS : EXIT_FAILURE;
}
