/*
 * Leaves a file open at exit: the child opens it, fd 4 beside the inherited fd 3, and ends.
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
        if (open("log.txt", O_WRONLY | O_CREAT, 0644) < 0)
            err(EXIT_FAILURE, "log.txt");
        exit(EXIT_SUCCESS);
    }

    close(file);
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
