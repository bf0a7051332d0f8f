/*
 * shared_counter the System V way: a shared memory segment, and a semaphore whose operations the kernel
 * undoes when their process ends (SEM_UNDO). Who holds it writes his number down; whoever finds a number
 * there knows that its owner has not finished.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY (-1)

typedef struct {
    int busy; /* the gate that is in the middle of something */
    unsigned total;
    unsigned noted[];
} Board;

static Board *board;
static int semaphore, n, r;

static int move(short by)
{
    struct sembuf operation = {.sem_num = 0, .sem_op = by, .sem_flg = SEM_UNDO};

    while (semop(semaphore, &operation, 1) == -1) {
        if (errno != EINTR) {
            perror("semop");
            return -1;
        }
    }
    return 0;
}

static void mend(void)
{
    if (board->busy == NOBODY)
        return;
    board->total = 0;
    for (int i = 0; i < n; i++)
        board->total += board->noted[i];
    board->busy = NOBODY;
}

static int be_gate(int who)
{
    for (int k = 1; k <= r; k++) {
        if (move(-1) == -1)
            return 1;
        mend();
        board->busy = who;
        board->noted[who] = (unsigned)k;
        (void)getchar();
        board->total++;
        printf("gate %d: visitor %d, total %u\n", who, k, board->total);
        fflush(stdout);
        board->busy = NOBODY;
        if (move(+1) == -1)
            return 1;
    }
    return 0;
}

int main(int argc, char *argv[])
{
    if (argc != 3 || (n = atoi(argv[1])) < 1 || n > 50 || (r = atoi(argv[2])) < 1) {
        fprintf(stderr, "usage: %s N R\n", argv[0]);
        return 2;
    }

    setvbuf(stdin, NULL, _IONBF, 0); /* the bytes after the first are for others */
    int memory = shmget(IPC_PRIVATE, sizeof *board + (size_t)n * sizeof board->noted[0], IPC_CREAT | 0600);
    if (memory == -1 || (board = shmat(memory, NULL, 0)) == (void *)-1) {
        perror("shared memory");
        return 1;
    }
    shmctl(memory, IPC_RMID, NULL); /* it goes with the last one that has it attached */
    board->busy = NOBODY;

    union {
        int value;
    } one = {1};
    if ((semaphore = semget(IPC_PRIVATE, 1, 0600)) == -1 || semctl(semaphore, 0, SETVAL, one) == -1) {
        perror("semaphore");
        return 1;
    }

    int opened = 0, fine = 1;
    for (; opened < n && fine; opened++) {
        pid_t pid = fork();
        if (pid == 0)
            exit(be_gate(opened));
        if (pid < 0) {
            perror("fork");
            fine = 0;
            opened--;
        }
    }

    while (opened-- > 0) {
        int status;
        pid_t pid = wait(&status);
        if (pid == -1) {
            perror("wait");
            return 1;
        }
        if (status) {
            fprintf(stderr, "the gate with pid %ld is broken\n", (long)pid);
            fine = 0;
        }
    }

    mend();
    printf("total %u\n", board->total);
    semctl(semaphore, 0, IPC_RMID);
    return !fine;
}
