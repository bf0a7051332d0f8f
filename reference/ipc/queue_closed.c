/*
 * Right: the POSIX message queue is closed.
 */
#include <err.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdlib.h>

int main(void)
{
    mqd_t queue = mq_open("/orders", O_RDWR | O_CREAT, 0600, NULL);
    if (queue < 0)
        err(EXIT_FAILURE, "mq_open");
    mq_unlink("/orders");
    return mq_close(queue) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
