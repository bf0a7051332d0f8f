/*
 * Right: what pthread_atfork has registered waits for the mutex before a fork, and unlocks it in parent and child.
 */
#include <err.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void lock(void)
{
    pthread_mutex_lock(&mutex);
}

static void unlock(void)
{
    pthread_mutex_unlock(&mutex);
}

static void *hold_for_a_while(void *argument)
{
    lock();
    usleep(100 * 1000);
    unlock();
    return argument;
}

int main(void)
{
    pthread_t holder;
    pthread_atfork(lock, unlock, unlock);
    pthread_create(&holder, NULL, hold_for_a_while, NULL);
    usleep(20 * 1000);

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        lock();
        _exit(EXIT_SUCCESS);
    }
    waitpid(child, NULL, 0);
    pthread_join(holder, NULL);
    return EXIT_SUCCESS;
}
