/*
 * Deadlock: `sort` writes nothing before the end of its input, which does not come before the program has read from it.
 * That `sort` handles signals changes nothing: it would only clean up and end.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int to_sort[2], from_sort[2];
    if (pipe(to_sort) < 0 || pipe(from_sort) < 0)
        err(EXIT_FAILURE, "pipe");

    pid_t sort = fork();
    if (sort < 0)
        err(EXIT_FAILURE, "fork");
    if (sort == 0) {
        dup2(to_sort[0], STDIN_FILENO);
        dup2(from_sort[1], STDOUT_FILENO);
        for (int end = 0; end < 2; end++) {
            close(to_sort[end]);
            close(from_sort[end]);
        }
        execlp("sort", "sort", (char *)NULL);
        _exit(127);
    }
    close(to_sort[0]);
    close(from_sort[1]);

    char line[16];
    write(to_sort[1], "b\na\n", 4);
    while (read(from_sort[0], line, sizeof line) > 0)
        ;
    close(to_sort[1]);
    close(from_sort[0]);
    waitpid(sort, NULL, 0);
    return EXIT_SUCCESS;
}
