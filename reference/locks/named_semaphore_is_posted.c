/*
 * Right: the parent posts the named semaphore, and waits for the child afterwards.
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
    usleep(100 * 1000);
    sem_post(ready);
    waitpid(child, NULL, 0);
    sem_close(ready);
    return EXIT_SUCCESS;
}
