/* Deadlocks for ever: waits for a child that waits for the end of a pipe whose write end the parent holds. Each
 * prints the time (nanoseconds, CLOCK_MONOTONIC) right before its last call; the later one is when it is stuck. */
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void print_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    dprintf(1, "%lld\n", now.tv_sec * 1000000000LL + now.tv_nsec);
}

int main(void)
{
    int ends[2];
    char byte;
    if (pipe(ends) < 0)
        return 1;
    pid_t pid = fork();
    print_time();
    if (pid == 0)
        return read(ends[0], &byte, 1) != 0;
    return waitpid(pid, NULL, 0) < 0;
}
