/*
 * Right: a robust mutex tells its next owner that the last one ended holding it.
 */
#include <err.h>
#include <errno.h>
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
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(mutex, &attributes);

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        pthread_mutex_lock(mutex);
        usleep(100 * 1000);
        _exit(EXIT_SUCCESS);
    }
    int result;
    while ((result = pthread_mutex_trylock(mutex)) == 0) { /* until the child holds it */
        pthread_mutex_unlock(mutex);
        usleep(1000);
    }
    if (result == EBUSY)
        result = pthread_mutex_lock(mutex);
    int told = result == EOWNERDEAD && pthread_mutex_consistent(mutex) == 0;
    pthread_mutex_unlock(mutex);
    waitpid(child, NULL, 0);
    return told ? EXIT_SUCCESS : EXIT_FAILURE;
}
