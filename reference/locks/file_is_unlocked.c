/*
 * Right: the parent gives the lock of the file back, after a while, before it waits for the child.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int file = open("lock", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0 || flock(file, LOCK_EX) < 0)
        err(EXIT_FAILURE, "lock");

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        int own = open("lock", O_RDWR);
        flock(own, LOCK_EX);
        close(own);
        _exit(EXIT_SUCCESS);
    }
    usleep(100 * 1000);
    flock(file, LOCK_UN);
    waitpid(child, NULL, 0);
    close(file);
    return EXIT_SUCCESS;
}
