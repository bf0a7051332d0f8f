/*
 * Right: one semop takes both System V semaphores or none.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <unistd.h>

static void change_both(int set, short by)
{
    struct sembuf operations[] = { { .sem_num = 0, .sem_op = by }, { .sem_num = 1, .sem_op = by } };
    semop(set, operations, 2);
}

static void hold_both(int set)
{
    change_both(set, -1);
    usleep(100 * 1000);
    change_both(set, 1);
}

int main(void)
{
    int set = semget(IPC_PRIVATE, 2, 0600);
    if (set < 0)
        err(EXIT_FAILURE, "semget");
    change_both(set, 1);

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        hold_both(set);
        _exit(EXIT_SUCCESS);
    }
    hold_both(set);
    waitpid(child, NULL, 0);
    semctl(set, 0, IPC_RMID);
    return EXIT_SUCCESS;
}
