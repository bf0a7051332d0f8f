/*
 * Right: epoll_wait gives up after a while.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

int main(void)
{
    int ends[2];
    int events = epoll_create1(0);
    struct epoll_event event = { .events = EPOLLIN };
    if (events < 0 || pipe(ends) < 0 || epoll_ctl(events, EPOLL_CTL_ADD, ends[0], &event) < 0)
        err(EXIT_FAILURE, "epoll");

    int ready = epoll_wait(events, &event, 1, 150);
    close(events);
    close(ends[0]);
    close(ends[1]);
    return ready == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
