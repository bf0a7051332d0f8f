/*
 * Right: the parent closes both ends before it waits for the child.
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

    pid_t reader = fork();
    if (reader < 0)
        err(EXIT_FAILURE, "fork");
    if (reader == 0) {
        close(ends[1]);
        char text[16];
        while (read(ends[0], text, sizeof text) > 0)
            ;
        _exit(EXIT_SUCCESS);
    }

    write(ends[1], "hello\n", 6);
    close(ends[0]);
    close(ends[1]);
    waitpid(reader, NULL, 0);
    return EXIT_SUCCESS;
}
