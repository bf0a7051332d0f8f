/* Writes one byte into a pipe and reads it back, as often as asked; prints the nanoseconds that took. */
#include <stdio.h>
#include <stdlib.h>
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
    int ends[2];
    char byte = 'x';
    if (pipe(ends) < 0)
        return 1;
    long long started = nanoseconds();
    for (int i = 0; i < count; i++) {
        if (write(ends[1], &byte, 1) != 1 || read(ends[0], &byte, 1) != 1)
            return 1;
    }
    printf("%lld\n", nanoseconds() - started);
    return 0;
}
