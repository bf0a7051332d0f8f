/*
 * Right: an exec that fails starts nothing that could have got the open file. The child closes it and ends.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int file = open("notes.txt", O_WRONLY | O_CREAT, 0644);
    if (file < 0)
        err(EXIT_FAILURE, "notes.txt");

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        execl("./no_such_program", "no_such_program", (char *)NULL);
        close(file);
        _exit(127);
    }

    close(file);
    int status;
    waitpid(child, &status, 0);
    return WEXITSTATUS(status) == 127 ? EXIT_SUCCESS : EXIT_FAILURE;
}
