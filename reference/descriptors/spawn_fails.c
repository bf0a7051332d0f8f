/*
 * Right: posix_spawn of a program that does not exist fails, leaks nothing, and leaves no child to wait for.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <unistd.h>

extern char **environ;

int main(void)
{
    int file = open("notes.txt", O_WRONLY | O_CREAT, 0644);
    if (file < 0)
        err(EXIT_FAILURE, "notes.txt");

    pid_t child;
    char *arguments[] = { "no_such_program", NULL };
    int result = posix_spawn(&child, "./no_such_program", NULL, NULL, arguments, environ);
    close(file);
    return result == ENOENT ? EXIT_SUCCESS : EXIT_FAILURE;
}
