/*
 * A zombie: the child is born by the bare system call, past the C library.
 */
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    long child = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (child < 0)
        err(EXIT_FAILURE, "clone");
    if (child == 0)
        _exit(EXIT_SUCCESS);
    usleep(50 * 1000);
    return EXIT_SUCCESS;
}
