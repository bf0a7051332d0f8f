/*
 * Right: the first pipe's write end is closed before the second child is born, which then cannot inherit it.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t start_reader(int ends[2])
{
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
    close(ends[0]);
    return reader;
}

int main(void)
{
    int first_ends[2], second_ends[2];
    pid_t first = start_reader(first_ends);
    close(first_ends[1]);
    pid_t second = start_reader(second_ends);
    close(second_ends[1]);

    waitpid(first, NULL, 0);
    waitpid(second, NULL, 0);
    return EXIT_SUCCESS;
}
