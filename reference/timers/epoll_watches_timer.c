/*
 * Right: epoll_wait has no time limit, but watches a timer that expires.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

int main(void)
{
    int events = epoll_create1(0);
    int timer = timerfd_create(CLOCK_MONOTONIC, 0);
    struct itimerspec soon = { .it_value.tv_nsec = 150 * 1000 * 1000 };
    struct epoll_event event = { .events = EPOLLIN };
    if (events < 0 || timer < 0 || timerfd_settime(timer, 0, &soon, NULL) < 0
        || epoll_ctl(events, EPOLL_CTL_ADD, timer, &event) < 0)
        err(EXIT_FAILURE, "epoll");

    int ready = epoll_wait(events, &event, 1, -1);
    close(events);
    close(timer);
    return ready == 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
