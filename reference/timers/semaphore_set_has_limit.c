/*
 * Right: semtimedop gives up after a while.
 */
#define _GNU_SOURCE /* semtimedop */
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/sem.h>
#include <time.h>

int main(void)
{
    int set = semget(IPC_PRIVATE, 1, 0600);
    if (set < 0)
        err(EXIT_FAILURE, "semget");

    struct sembuf take = { .sem_op = -1 };
    struct timespec limit = { .tv_nsec = 150 * 1000 * 1000 };
    int gave_up = semtimedop(set, &take, 1, &limit) < 0 && errno == EAGAIN;
    semctl(set, 0, IPC_RMID);
    return gave_up ? EXIT_SUCCESS : EXIT_FAILURE;
}
