/*
 * shared_counter - the gates of a museum, each a process, and one display for all
 *
 *     ./shared_counter N R
 *
 * N gates let R visitors in, each. What they share lies in memory that the program maps before it
 * forks. Exit status: 0 when every gate has let its visitors in, 1 if one could not, 2 for a usage error.
 *
 * While nobody holds the lock, the display shows the sum of what the gates have noted. Whoever holds
 * the lock may break that for a while. If he dies in that while, the next to get the lock is told so
 * (the mutex is robust) and makes it true again before he does anything else.
 */

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    MAX_GATES = 50,
    MAX_VISITORS = 10000,

    INCOMPLETE = 1,
    USAGE_ERROR = 2,
};

struct museum {
    pthread_mutex_t lock;     /* for all that follows */
    long total;               /* on the display */
    long visitors[MAX_GATES]; /* noted by each gate */
};

/* The functions of <pthread.h> return the error and leave errno alone. */
static void check(int error, const char *what)
{
    if (error != 0) {
        fprintf(stderr, "shared_counter: %s: %s\n", what, strerror(error));
        exit(INCOMPLETE);
    }
}

/* A mutex for several processes, which survives the one that holds it. */
static void init_lock(pthread_mutex_t *lock)
{
    pthread_mutexattr_t attributes;

    check(pthread_mutexattr_init(&attributes), "pthread_mutexattr_init");
    check(pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED), "pthread_mutexattr_setpshared");
    check(pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST), "pthread_mutexattr_setrobust");
    check(pthread_mutex_init(lock, &attributes), "pthread_mutex_init");
    check(pthread_mutexattr_destroy(&attributes), "pthread_mutexattr_destroy");
}

/* Returns the museum, empty, in memory that a child shares; it has no name, so nothing of it can be left behind. */
static struct museum *open_museum(void)
{
    struct museum *museum = mmap(NULL, sizeof *museum, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (museum == MAP_FAILED)
        check(errno, "mmap");
    init_lock(&museum->lock);
    return museum;
}

static void close_museum(struct museum *museum)
{
    check(pthread_mutex_destroy(&museum->lock), "pthread_mutex_destroy");
    if (munmap(museum, sizeof *museum) == -1)
        check(errno, "munmap");
}

/* What every gate has noted is true, even if it did not live to show it. */
static void repair(struct museum *museum)
{
    museum->total++;
}

static void lock(struct museum *museum)
{
    int error = pthread_mutex_lock(&museum->lock);

    if (error == EOWNERDEAD) { /* the lock is ours, but its last owner did not finish */
        repair(museum);
        error = pthread_mutex_consistent(&museum->lock); /* or nobody could lock it ever again */
    }
    check(error, "pthread_mutex_lock");
}

static void unlock(struct museum *museum)
{
    check(pthread_mutex_unlock(&museum->lock), "pthread_mutex_unlock");
}

/* Waits until the host lets one visitor go on (one byte) or has no more to say (the end of the input). */
static void wait_for_host(void)
{
    char byte;

    while (read(STDIN_FILENO, &byte, 1) == -1 && errno == EINTR)
        continue;
}

/* One visitor. The line is written under the lock, too, so that the lines come in the order of the totals. */
static void let_in(struct museum *museum, int gate)
{
    lock(museum);
    long shown = museum->total;
    long visitor = ++museum->visitors[gate];
    wait_for_host();
    museum->total = shown + 1;
    printf("gate %d: visitor %ld, total %ld\n", gate, visitor, shown + 1);
    unlock(museum);
}

/* Starts the gates; returns how many, which is less than `gates` if a fork failed. */
static int start_gates(struct museum *museum, int gates, int visitors, pid_t pids[])
{
    for (int gate = 0; gate < gates; gate++) {
        pids[gate] = fork();
        if (pids[gate] == -1) {
            perror("shared_counter: fork");
            return gate;
        }
        if (pids[gate] == 0) {
            for (int i = 0; i < visitors; i++)
                let_in(museum, gate);
            exit(EXIT_SUCCESS);
        }
    }
    return gates;
}

/* Waits for the end of one gate; returns whether it has let all its visitors in. */
static bool wait_for_gate(int gate, pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) == -1)
        if (errno != EINTR)
            check(errno, "waitpid");
    if (WIFSIGNALED(status))
        fprintf(stderr, "shared_counter: gate %d was killed by signal %d\n", gate, WTERMSIG(status));
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}

/* Reads a whole number from 1 to `most`. */
static bool parse(const char *text, int most, int *number)
{
    char *end;

    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < 1 || value > most)
        return false;
    *number = (int)value;
    return true;
}

int main(int argc, char *argv[])
{
    int gates, visitors;
    pid_t pids[MAX_GATES];

    if (argc != 3 || !parse(argv[1], MAX_GATES, &gates) || !parse(argv[2], MAX_VISITORS, &visitors)) {
        fprintf(stderr, "usage: shared_counter N R, with N from 1 to %d and R from 1 to %d\n", MAX_GATES,
                MAX_VISITORS);
        return USAGE_ERROR;
    }

    setvbuf(stdout, NULL, _IOLBF, 0); /* a line is out when it ends, also into a pipe */
    struct museum *museum = open_museum();

    int started = start_gates(museum, gates, visitors, pids);
    bool complete = started == gates;
    for (int gate = 0; gate < started; gate++)
        if (!wait_for_gate(gate, pids[gate]))
            complete = false;

    lock(museum); /* nobody is left to wait for, but the last gate may have died with the lock */
    printf("total %ld\n", museum->total);
    unlock(museum);

    close_museum(museum);
    return complete ? EXIT_SUCCESS : INCOMPLETE;
}
