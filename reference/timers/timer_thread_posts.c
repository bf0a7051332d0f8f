/*
 * Right: a POSIX timer starts a thread, which posts the semaphore that the program waits for.
 */
#include <err.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

static sem_t expired;

static void post(union sigval value)
{
    (void)value;
    sem_post(&expired);
}

int main(void)
{
    sem_init(&expired, 0, 0);
    timer_t timer;
    struct sigevent event = { .sigev_notify = SIGEV_THREAD, .sigev_notify_function = post };
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) < 0)
        err(EXIT_FAILURE, "timer_create");
    struct itimerspec soon = { .it_value.tv_nsec = 150 * 1000 * 1000 };
    timer_settime(timer, 0, &soon, NULL);

    sem_wait(&expired);
    timer_delete(timer);
    return EXIT_SUCCESS;
}
