/*
 * Right: closing the first open file gives its lock back, before the second wants it.
 */
#define _GNU_SOURCE /* F_OFD_SETLKW */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    int first = open("records", O_RDWR | O_CREAT, 0644);
    int second = open("records", O_RDWR);
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    if (first < 0 || second < 0 || fcntl(first, F_OFD_SETLKW, &lock) < 0)
        err(EXIT_FAILURE, "records");

    close(first);
    fcntl(second, F_OFD_SETLKW, &lock);
    close(second);
    return EXIT_SUCCESS;
}
