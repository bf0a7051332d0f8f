/* Forks and execs `true` as often as asked, waiting for each; prints the nanoseconds that took. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(int argc, char *argv[])
{
    int count = argc > 1 ? atoi(argv[1]) : 0;
    long long started = nanoseconds();
    for (int i = 0; i < count; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            execl("/bin/true", "true", (char *)NULL);
            _exit(127);
        }
        if (waitpid(pid, NULL, 0) < 0)
            return 1;
    }
    printf("%lld\n", nanoseconds() - started);
    return 0;
}
