/*
 * Right: `yes | head -n 1`. That SIGPIPE ends `yes` is how such a pipeline is meant to end.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void start(char *const arguments[], int from, int to, const int ends[2])
{
    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child > 0)
        return;
    dup2(from, to);
    close(ends[0]);
    close(ends[1]);
    execvp(arguments[0], arguments);
    _exit(127);
}

int main(void)
{
    int ends[2];
    if (pipe(ends) < 0)
        err(EXIT_FAILURE, "pipe");

    start((char *[]){ "yes", NULL }, ends[1], STDOUT_FILENO, ends);
    start((char *[]){ "head", "-n", "1", NULL }, ends[0], STDIN_FILENO, ends);
    close(ends[0]);
    close(ends[1]);
    while (wait(NULL) > 0)
        ;
    return EXIT_SUCCESS;
}
