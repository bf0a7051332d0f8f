/*
 * A timeout, not a deadlock: the child opens a file that the parent holds a lease on, and the parent waits for the
 * child. The kernel breaks the lease by itself after /proc/sys/fs/lease-break-time, 45 seconds.
 */
#define _GNU_SOURCE /* F_SETLEASE */
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    signal(SIGIO, SIG_IGN);
    int file = open("leased.txt", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0 || fcntl(file, F_SETLEASE, F_WRLCK) < 0)
        err(EXIT_FAILURE, "leased.txt");

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        close(file);
        close(open("leased.txt", O_RDONLY));
        _exit(EXIT_SUCCESS);
    }
    waitpid(child, NULL, 0);
    close(file);
    return EXIT_SUCCESS;
}
