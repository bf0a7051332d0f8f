/*
 * Leaks a pipe into exec, and is deadlocked by it: `cat` has inherited a write end of the very pipe it reads.
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

    pid_t cat = fork();
    if (cat < 0)
        err(EXIT_FAILURE, "fork");
    if (cat == 0) {
        dup2(ends[0], STDIN_FILENO);
        close(ends[0]);
        execl("/bin/cat", "cat", (char *)NULL);
        _exit(127);
    }
    close(ends[0]);

    write(ends[1], "hello\n", 6);
    close(ends[1]);
    waitpid(cat, NULL, 0);
    return EXIT_SUCCESS;
}
