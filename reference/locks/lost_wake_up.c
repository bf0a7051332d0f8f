/*
 * Deadlock: the condition is signalled before anybody waits for it, and conditions remember nothing.
 */
#include <pthread.h>
#include <stdlib.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static void *signal_early(void *argument)
{
    pthread_cond_signal(&changed);
    return argument;
}

int main(void)
{
    pthread_t signaller;
    pthread_create(&signaller, NULL, signal_early, NULL);
    pthread_join(signaller, NULL);

    pthread_mutex_lock(&mutex);
    pthread_cond_wait(&changed, &mutex);
    pthread_mutex_unlock(&mutex);
    return EXIT_SUCCESS;
}
