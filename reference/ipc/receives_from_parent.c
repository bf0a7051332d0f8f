/*
 * Right: the parent sends a message through the POSIX queue, after a while, and closes it.
 */
#include <err.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    struct mq_attr attributes = { .mq_maxmsg = 4, .mq_msgsize = 16 };
    mqd_t queue = mq_open("/orders", O_RDWR | O_CREAT | O_EXCL, 0600, &attributes);
    if (queue < 0)
        err(EXIT_FAILURE, "mq_open");
    mq_unlink("/orders");

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        char text[16];
        mq_receive(queue, text, sizeof text, NULL);
        _exit(EXIT_SUCCESS);
    }
    usleep(100 * 1000);
    mq_send(queue, "hello", 5, 0);
    mq_close(queue);
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
