/*
 * Deadlock: the parent holds a record lock (fcntl) while it waits for the child, which wants it. The kernel looks for
 * circles among record locks, but waiting for a child is none.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int file = open("records", O_RDWR | O_CREAT, 0644);
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    if (file < 0 || fcntl(file, F_SETLKW, &lock) < 0)
        err(EXIT_FAILURE, "records");

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        fcntl(file, F_SETLKW, &lock);
        _exit(EXIT_SUCCESS);
    }
    waitpid(child, NULL, 0);
    close(file);
    return EXIT_SUCCESS;
}
