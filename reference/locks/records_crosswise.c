/*
 * Right: parent and child each lock a record and want the other's. The kernel finds the circle and refuses one of them
 * with EDEADLK, who gives way and lets the other finish.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int set_lock(int file, short type, off_t record)
{
    struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = record, .l_len = 1 };
    return fcntl(file, F_SETLKW, &lock);
}

static int lock_both(int file, off_t first, off_t second)
{
    set_lock(file, F_WRLCK, first);
    usleep(50 * 1000);
    if (set_lock(file, F_WRLCK, second) < 0 && errno != EDEADLK)
        return EXIT_FAILURE;
    set_lock(file, F_UNLCK, first);
    set_lock(file, F_UNLCK, second);
    return EXIT_SUCCESS;
}

int main(void)
{
    int file = open("records", O_RDWR | O_CREAT, 0644);
    if (file < 0)
        err(EXIT_FAILURE, "records");

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0)
        _exit(lock_both(file, 1, 0));
    int result = lock_both(file, 0, 1);
    waitpid(child, NULL, 0);
    close(file);
    return result;
}
