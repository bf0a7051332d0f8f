/*
 * Right: a file action of posix_spawn closes the file in the child before the exec.
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

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addclose(&actions, file);

    pid_t child;
    char *arguments[] = { "true", NULL };
    errno = posix_spawn(&child, "/bin/true", &actions, NULL, arguments, environ);
    if (errno != 0)
        err(EXIT_FAILURE, "posix_spawn");

    posix_spawn_file_actions_destroy(&actions);
    close(file);
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
