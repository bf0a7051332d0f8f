/*
 * Deadlock: the lock of an open file description (F_OFD_SETLKW) belongs to that, not to the process: with the file
 * opened twice the program waits for itself, and for such locks the kernel does not look for circles.
 */
#define _GNU_SOURCE /* F_OFD_SETLKW */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>

int main(void)
{
    int first = open("records", O_RDWR | O_CREAT, 0644);
    int second = open("records", O_RDWR);
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    if (first < 0 || second < 0 || fcntl(first, F_OFD_SETLKW, &lock) < 0)
        err(EXIT_FAILURE, "records");

    fcntl(second, F_OFD_SETLKW, &lock);
    return EXIT_SUCCESS;
}
