/*
 * Right: the signal of a POSIX timer ends the read.
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void do_nothing(int number)
{
    (void)number;
}

int main(void)
{
    int ends[2];
    timer_t timer;
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGURG };
    if (pipe(ends) < 0 || timer_create(CLOCK_MONOTONIC, &event, &timer) < 0)
        err(EXIT_FAILURE, "timer_create");
    struct sigaction action = { .sa_handler = do_nothing };
    sigaction(SIGURG, &action, NULL);
    struct itimerspec often = { .it_interval.tv_nsec = 150 * 1000 * 1000, .it_value.tv_nsec = 150 * 1000 * 1000 };
    timer_settime(timer, 0, &often, NULL);

    char byte;
    int interrupted = read(ends[0], &byte, 1) < 0 && errno == EINTR;
    timer_delete(timer);
    close(ends[0]);
    close(ends[1]);
    return interrupted ? EXIT_SUCCESS : EXIT_FAILURE;
}
