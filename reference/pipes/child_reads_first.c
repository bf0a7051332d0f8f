/*
 * Right: one side reads to the end before it writes, however much it is.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MORE_THAN_A_PIPE_HOLDS = 128 * 1024 };

static char data[MORE_THAN_A_PIPE_HOLDS];

static void write_all(int output)
{
    write(output, data, sizeof data);
    close(output);
}

static void read_all(int input)
{
    while (read(input, data, sizeof data) > 0)
        ;
    close(input);
}

int main(void)
{
    int to_child[2], to_parent[2];
    if (pipe(to_child) < 0 || pipe(to_parent) < 0)
        err(EXIT_FAILURE, "pipe");

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        close(to_child[1]);
        close(to_parent[0]);
        read_all(to_child[0]);
        write_all(to_parent[1]);
        _exit(EXIT_SUCCESS);
    }
    close(to_child[0]);
    close(to_parent[1]);
    write_all(to_child[1]);
    read_all(to_parent[0]);
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
