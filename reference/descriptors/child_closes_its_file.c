/*
 * Right: the child closes the file that it opened itself, and ends with the inherited one only.
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
        int log = open("log.txt", O_WRONLY | O_CREAT, 0644);
        if (log < 0)
            err(EXIT_FAILURE, "log.txt");
        close(log);
        exit(EXIT_SUCCESS);
    }

    close(file);
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
