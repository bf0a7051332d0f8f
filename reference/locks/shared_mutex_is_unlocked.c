/*
 * Right: the parent unlocks the mutex in shared memory, after a while, before it waits for the child.
 */
#include <err.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    pthread_mutex_t *mutex = mmap(NULL, sizeof *mutex, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (mutex == MAP_FAILED)
        err(EXIT_FAILURE, "mmap");
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(mutex, &attributes);

    pthread_mutex_lock(mutex);
    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        pthread_mutex_lock(mutex);
        pthread_mutex_unlock(mutex);
        _exit(EXIT_SUCCESS);
    }
    usleep(100 * 1000);
    pthread_mutex_unlock(mutex);
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
