/*
 * shared_counter whose gates are programs of their own: each is this program again, started with
 * posix_spawn, and gets the memory as a descriptor, which it maps wherever there is room.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

struct gate {
    uint32_t noted;
    pid_t pid;
};

struct hall {
    pthread_mutex_t mutex;
    uint32_t total;
    uint32_t gates;
    uint32_t visitors;
    struct gate gate[50];
};

static _Noreturn void die(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static struct hall *map(int descriptor)
{
    void *memory = mmap(NULL, sizeof(struct hall), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (memory == MAP_FAILED)
        die("mmap");
    close(descriptor);
    return memory;
}

static void enter(struct hall *hall)
{
    switch (pthread_mutex_lock(&hall->mutex)) {
    case 0:
        return;
    case EOWNERDEAD:
        hall->total = 0;
        for (uint32_t i = 0; i < hall->gates; i++)
            hall->total += hall->gate[i].noted;
        pthread_mutex_consistent(&hall->mutex);
        return;
    default:
        abort();
    }
}

static int run_gate(struct hall *hall, uint32_t number)
{
    for (uint32_t i = 1; i <= hall->visitors; i++) {
        char byte;

        enter(hall);
        hall->gate[number].noted = i;
        ssize_t got = read(STDIN_FILENO, &byte, 1);
        if (got < 0)
            die("read");
        hall->total += 1;
        dprintf(STDOUT_FILENO, "gate %u: visitor %u, total %u\n", number, i, hall->total);
        pthread_mutex_unlock(&hall->mutex);
    }
    return EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
    if (argc == 4 && strcmp(argv[1], "--gate") == 0)
        return run_gate(map(atoi(argv[2])), (uint32_t)atoi(argv[3]));

    long gates = argc == 3 ? strtol(argv[1], NULL, 10) : 0;
    long visitors = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
    if (gates < 1 || gates > 50 || visitors < 1 || visitors > 10000) {
        fputs("usage: shared_counter N R\n", stderr);
        return 2;
    }

    int descriptor = memfd_create("hall", 0);
    if (descriptor == -1 || ftruncate(descriptor, sizeof(struct hall)) == -1)
        die("memfd_create");
    int for_gates = dup(descriptor);
    if (for_gates == -1)
        die("dup");
    struct hall *hall = map(descriptor);
    hall->gates = (uint32_t)gates;
    hall->visitors = (uint32_t)visitors;

    pthread_mutexattr_t kind;
    pthread_mutexattr_init(&kind);
    pthread_mutexattr_setpshared(&kind, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&hall->mutex, &kind);

    int worst = EXIT_SUCCESS;
    for (long i = 0; i < gates; i++) {
        char number[24], handle[24];
        sprintf(number, "%ld", i);
        sprintf(handle, "%d", for_gates);
        char *words[] = {argv[0], "--gate", handle, number, NULL};
        if ((errno = posix_spawn(&hall->gate[i].pid, "/proc/self/exe", NULL, NULL, words, environ)) != 0) {
            perror("posix_spawn");
            worst = EXIT_FAILURE;
            hall->gate[i].pid = 0;
        }
    }
    close(for_gates);

    for (long i = 0; i < gates; i++) {
        siginfo_t end;
        if (hall->gate[i].pid == 0)
            continue;
        while (waitid(P_PID, (id_t)hall->gate[i].pid, &end, WEXITED) == -1 && errno == EINTR)
            ;
        if (end.si_code != CLD_EXITED || end.si_status != 0) {
            fprintf(stderr, "gate %ld has not finished\n", i);
            worst = EXIT_FAILURE;
        }
    }
    enter(hall);
    dprintf(STDOUT_FILENO, "total %u\n", hall->total);
    pthread_mutex_unlock(&hall->mutex);
    munmap(hall, sizeof *hall);
    return worst;
}
