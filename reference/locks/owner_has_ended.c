/*
 * Deadlock: the child ends while it holds a mutex in shared memory, and the parent wants it afterwards.
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

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        pthread_mutex_lock(mutex);
        _exit(EXIT_SUCCESS);
    }
    waitpid(child, NULL, 0);
    pthread_mutex_lock(mutex);
    pthread_mutex_unlock(mutex);
    return EXIT_SUCCESS;
}
