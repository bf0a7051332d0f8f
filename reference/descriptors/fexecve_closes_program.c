/*
 * Right: the descriptor that fexecve executes is marked, and is gone when the program runs.
 */
#define _GNU_SOURCE /* O_PATH */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

extern char **environ;

int main(void)
{
    int program = open("/bin/true", O_PATH | O_CLOEXEC);
    if (program < 0)
        err(EXIT_FAILURE, "true");

    char *arguments[] = { "true", NULL };
    fexecve(program, arguments, environ);
    err(EXIT_FAILURE, "fexecve");
}
