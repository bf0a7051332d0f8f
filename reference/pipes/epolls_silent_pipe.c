/*
 * Deadlock: epoll_wait without a time limit on a pipe whose only write end is the program's own.
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

    if (epoll_wait(events, &event, 1, -1) < 0)
        err(EXIT_FAILURE, "epoll_wait");
    return EXIT_SUCCESS;
}
