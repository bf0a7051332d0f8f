/*
 * Right: the parent ends its child by a signal that is sent through a pidfd.
 */
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0)
        for (;;)
            sleep(10);

    int pidfd = (int)syscall(SYS_pidfd_open, child, 0);
    if (pidfd < 0 || syscall(SYS_pidfd_send_signal, pidfd, SIGSEGV, NULL, 0) < 0)
        err(EXIT_FAILURE, "pidfd");
    close(pidfd);
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
