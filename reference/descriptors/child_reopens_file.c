/*
 * Leaves a file open at exit: the child inherits a descriptor of notes.txt, opens the same file once more, and closes
 * only the inherited one. What is left is no copy of anything: the child opened it.
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
        if (open("notes.txt", O_RDONLY) < 0)
            err(EXIT_FAILURE, "notes.txt");
        close(file);
        exit(EXIT_SUCCESS);
    }

    close(file);
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
