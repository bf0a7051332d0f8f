/*
 * Right: the child ends with copies of objects of every kind, all of which its parent made and closes.
 */
#define _GNU_SOURCE /* memfd_create, close_range */
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int ends[2], pair[2];
    sigset_t none;
    sigemptyset(&none);
    int made = pipe(ends) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0
        && socket(AF_INET, SOCK_DGRAM, 0) >= 0 && eventfd(0, 0) >= 0 && epoll_create1(0) >= 0
        && timerfd_create(CLOCK_MONOTONIC, 0) >= 0 && signalfd(-1, &none, 0) >= 0
        && memfd_create("scratch", 0) >= 0 && inotify_init1(0) >= 0;

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0)
        exit(EXIT_SUCCESS);
    close_range(STDERR_FILENO + 1, ~0U, 0);
    waitpid(child, NULL, 0);
    return made ? EXIT_SUCCESS : EXIT_FAILURE;
}
