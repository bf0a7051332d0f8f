/*
 * Deadlock: the parent reads until the end of the pipe, which never comes, as the parent itself still holds a write
 * end.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int ends[2];
    if (pipe(ends) < 0)
        err(EXIT_FAILURE, "pipe");

    pid_t writer = fork();
    if (writer < 0)
        err(EXIT_FAILURE, "fork");
    if (writer == 0) {
        write(ends[1], "hello\n", 6);
        _exit(EXIT_SUCCESS);
    }

    char text[16];
    while (read(ends[0], text, sizeof text) > 0)
        ;
    close(ends[0]);
    waitpid(writer, NULL, 0);
    return EXIT_SUCCESS;
}
