/*
 * Right: the parent gives its record lock back, after a while, before it waits for the child.
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
    usleep(100 * 1000);
    close(file);
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
