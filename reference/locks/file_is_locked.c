/*
 * Deadlock: the parent holds the lock of a file (flock) while it waits for the child, which wants it. The child has
 * opened the file itself; a descriptor inherited over fork would share the parent's lock.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int file = open("lock", O_RDWR | O_CREAT, 0644);
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
    waitpid(child, NULL, 0);
    close(file);
    return EXIT_SUCCESS;
}
