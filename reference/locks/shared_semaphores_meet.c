/*
 * Right: at a rendezvous each side posts its own semaphore before it waits for the other's.
 */
#include <err.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void meet(sem_t *mine, sem_t *others)
{
    sem_post(mine);
    sem_wait(others);
}

int main(void)
{
    sem_t *here = mmap(NULL, 2 * sizeof *here, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (here == MAP_FAILED)
        err(EXIT_FAILURE, "mmap");
    sem_init(&here[0], 1, 0);
    sem_init(&here[1], 1, 0);

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        usleep(100 * 1000);
        meet(&here[1], &here[0]);
        _exit(EXIT_SUCCESS);
    }
    meet(&here[0], &here[1]);
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
