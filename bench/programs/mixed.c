/* Computes and sleeps in turn, with a child that does the same; prints the nanoseconds that took. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STEPS = 4000000, NAP_NANOSECONDS = 10000000 };

static long long nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void work_and_rest(int rounds)
{
    volatile unsigned value = 1;
    for (int i = 0; i < rounds; i++) {
        for (int step = 0; step < STEPS; step++)
            value = value * 1664525u + 1013904223u;
        nanosleep(&(struct timespec){ .tv_nsec = NAP_NANOSECONDS }, NULL);
    }
}

int main(int argc, char *argv[])
{
    int rounds = argc > 1 ? atoi(argv[1]) : 0;
    long long started = nanoseconds();
    pid_t pid = fork();
    work_and_rest(rounds);
    if (pid == 0)
        return 0;
    if (waitpid(pid, NULL, 0) < 0)
        return 1;
    printf("%lld\n", nanoseconds() - started);
    return 0;
}
