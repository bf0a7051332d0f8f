/*
 * Deadlock: sends more messages than the POSIX queue takes, and nobody receives them.
 */
#include <err.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdlib.h>

int main(void)
{
    struct mq_attr attributes = { .mq_maxmsg = 4, .mq_msgsize = 16 };
    mqd_t queue = mq_open("/orders", O_RDWR | O_CREAT | O_EXCL, 0600, &attributes);
    if (queue < 0)
        err(EXIT_FAILURE, "mq_open");
    mq_unlink("/orders");

    for (int i = 0; i < 5; i++)
        mq_send(queue, "hello", 5, 0);
    mq_close(queue);
    return EXIT_SUCCESS;
}
