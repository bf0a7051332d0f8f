/*
 * Right: mq_timedreceive gives up after a while.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdlib.h>
#include <time.h>

int main(void)
{
    struct mq_attr attributes = { .mq_maxmsg = 4, .mq_msgsize = 16 };
    mqd_t queue = mq_open("/orders", O_RDWR | O_CREAT | O_EXCL, 0600, &attributes);
    if (queue < 0)
        err(EXIT_FAILURE, "mq_open");
    mq_unlink("/orders");

    char text[16];
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 1;
    int gave_up = mq_timedreceive(queue, text, sizeof text, NULL, &limit) < 0 && errno == ETIMEDOUT;
    mq_close(queue);
    return gave_up ? EXIT_SUCCESS : EXIT_FAILURE;
}
