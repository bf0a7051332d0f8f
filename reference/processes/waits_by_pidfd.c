/*
 * Right: a pidfd becomes readable when its process ends, and can be waited for.
 */
#define _GNU_SOURCE /* P_PIDFD */
#include <err.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        usleep(100 * 1000);
        _exit(EXIT_SUCCESS);
    }

    int pidfd = (int)syscall(SYS_pidfd_open, child, 0);
    struct pollfd watched = { .fd = pidfd, .events = POLLIN };
    siginfo_t ended;
    if (pidfd < 0 || poll(&watched, 1, -1) < 0 || waitid(P_PIDFD, (id_t)pidfd, &ended, WEXITED) < 0)
        err(EXIT_FAILURE, "pidfd");
    close(pidfd);
    return EXIT_SUCCESS;
}
