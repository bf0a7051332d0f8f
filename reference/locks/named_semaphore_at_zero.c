/*
 * Deadlock: the child waits for a named semaphore, and the parent waits for the child before it posts it.
 */
#include <err.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    sem_t *ready = sem_open("/ready", O_CREAT, 0600, 0);
    if (ready == SEM_FAILED)
        err(EXIT_FAILURE, "sem_open");
    sem_unlink("/ready");

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        sem_wait(ready);
        _exit(EXIT_SUCCESS);
    }
    waitpid(child, NULL, 0);
    sem_post(ready);
    sem_close(ready);
    return EXIT_SUCCESS;
}
