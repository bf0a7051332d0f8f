/*
 * Leaves a POSIX message queue open at exit: on Linux its descriptor is a file descriptor.
 */
#include <err.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdlib.h>

int main(void)
{
    if (mq_open("/orders", O_RDWR | O_CREAT, 0600, NULL) < 0)
        err(EXIT_FAILURE, "mq_open");
    mq_unlink("/orders");
    return EXIT_SUCCESS;
}
