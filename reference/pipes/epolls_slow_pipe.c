/*
 * Right: a child writes to the pipe after a while, which ends the epoll_wait.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int ends[2];
    int events = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = { .events = EPOLLIN };
    if (events < 0 || pipe(ends) < 0 || epoll_ctl(events, EPOLL_CTL_ADD, ends[0], &event) < 0)
        err(EXIT_FAILURE, "epoll");

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        usleep(100 * 1000);
        write(ends[1], "hello", 5);
        _exit(EXIT_SUCCESS);
    }

    if (epoll_wait(events, &event, 1, -1) < 0)
        err(EXIT_FAILURE, "epoll_wait");
    close(events);
    close(ends[0]);
    close(ends[1]);
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
