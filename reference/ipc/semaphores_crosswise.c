/*
 * Deadlock: two System V semaphores, of which parent and child each take one and then want the other's. They meet at a
 * third one, so that both certainly hold theirs.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MEETING = 2, SEMAPHORES };

static void change(int set, unsigned short semaphore, short by)
{
    struct sembuf operation = { .sem_num = semaphore, .sem_op = by };
    semop(set, &operation, 1);
}

static void take_both(int set, unsigned short first, unsigned short second)
{
    change(set, first, -1);
    change(set, MEETING, -1);
    change(set, MEETING, 0);
    change(set, second, -1);
    change(set, second, 1);
    change(set, first, 1);
}

int main(void)
{
    int set = semget(IPC_PRIVATE, SEMAPHORES, 0600);
    if (set < 0)
        err(EXIT_FAILURE, "semget");
    change(set, 0, 1);
    change(set, 1, 1);
    change(set, MEETING, 2);

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        take_both(set, 1, 0);
        _exit(EXIT_SUCCESS);
    }
    take_both(set, 0, 1);
    waitpid(child, NULL, 0);
    semctl(set, 0, IPC_RMID);
    return EXIT_SUCCESS;
}
