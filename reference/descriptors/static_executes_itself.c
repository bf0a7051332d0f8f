/*
 * Right: pipe2 with O_CLOEXEC, so that nothing of the pipe is left when the statically linked program executes itself.
 */
#define _GNU_SOURCE /* pipe2 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
    if (argc > 1)
        return EXIT_SUCCESS;

    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        err(EXIT_FAILURE, "pipe2");
    execl("/proc/self/exe", argv[0], "again", (char *)NULL);
    err(EXIT_FAILURE, "exec");
}
