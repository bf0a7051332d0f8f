/*
 * Right: the parent writes before it waits in select, and the child answers.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

static void await_input(int input)
{
    fd_set inputs;
    FD_ZERO(&inputs);
    FD_SET(input, &inputs);
    if (select(input + 1, &inputs, NULL, NULL, NULL) < 0)
        err(EXIT_FAILURE, "select");
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
        await_input(to_child[0]);
        write(to_parent[1], "hello", 5);
        _exit(EXIT_SUCCESS);
    }
    close(to_parent[1]);
    write(to_child[1], "hello", 5);
    await_input(to_parent[0]);
    close(to_child[0]);
    close(to_child[1]);
    close(to_parent[0]);
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
