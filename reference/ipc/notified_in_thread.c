/*
 * Right: a message is told of by a thread, for which the C library opens a socket of its own; the program cannot close
 * that.
 */
#include <err.h>
#include <fcntl.h>
#include <mqueue.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static sem_t told;

static void tell(union sigval value)
{
    (void)value;
    sem_post(&told);
}

int main(void)
{
    struct mq_attr size = { .mq_maxmsg = 1, .mq_msgsize = 1 };
    struct sigevent event = { .sigev_notify = SIGEV_THREAD, .sigev_notify_function = tell };
    mqd_t queue = mq_open("/notified", O_RDWR | O_CREAT, 0600, &size);
    if (queue < 0 || sem_init(&told, 0, 0) < 0 || mq_notify(queue, &event) < 0)
        err(EXIT_FAILURE, "queue");

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        usleep(150 * 1000);
        mq_send(queue, "x", 1, 0);
        _exit(EXIT_SUCCESS);
    }
    sem_wait(&told);
    mq_close(queue);
    mq_unlink("/notified");
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
