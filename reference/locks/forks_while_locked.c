/*
 * Deadlock: another thread holds a mutex at the fork. The child has a copy of the locked mutex, but not of the thread
 * that would unlock it; and the parent waits for the child before it lets that thread go on.
 */
#include <err.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static sem_t locked, let_go;

static void *hold(void *argument)
{
    pthread_mutex_lock(&mutex);
    sem_post(&locked);
    sem_wait(&let_go);
    pthread_mutex_unlock(&mutex);
    return argument;
}

int main(void)
{
    pthread_t holder;
    sem_init(&locked, 0, 0);
    sem_init(&let_go, 0, 0);
    pthread_create(&holder, NULL, hold, NULL);
    sem_wait(&locked);

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        pthread_mutex_lock(&mutex);
        _exit(EXIT_SUCCESS);
    }
    waitpid(child, NULL, 0);
    sem_post(&let_go);
    pthread_join(holder, NULL);
    return EXIT_SUCCESS;
}
