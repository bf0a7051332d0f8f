/*
 * Leaks a file into exec: posix_spawn without file actions hands on every descriptor.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

int main(void)
{
    int file = open("notes.txt", O_WRONLY | O_CREAT, 0644);
    if (file < 0)
        err(EXIT_FAILURE, "notes.txt");

    pid_t child;
    char *arguments[] = { "true", NULL };
    errno = posix_spawn(&child, "/bin/true", NULL, NULL, arguments, environ);
    if (errno != 0)
        err(EXIT_FAILURE, "posix_spawn");

    close(file);
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
