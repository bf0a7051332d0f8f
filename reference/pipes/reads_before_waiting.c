/*
 * Right: the parent reads all that the child writes, and waits for it afterwards.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char data[128 * 1024];

int main(void)
{
    int ends[2];
    if (pipe(ends) < 0)
        err(EXIT_FAILURE, "pipe");

    pid_t writer = fork();
    if (writer < 0)
        err(EXIT_FAILURE, "fork");
    if (writer == 0) {
        close(ends[0]);
        write(ends[1], data, sizeof data);
        _exit(EXIT_SUCCESS);
    }
    close(ends[1]);

    while (read(ends[0], data, sizeof data) > 0)
        ;
    close(ends[0]);
    waitpid(writer, NULL, 0);
    return EXIT_SUCCESS;
}
