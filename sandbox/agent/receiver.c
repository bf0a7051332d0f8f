/*
 * Picks up seccomp notifications the moment they are posted.
 *
 * Until its notification has been received, a held system call can still be interrupted by a signal whose handler
 * was installed without SA_RESTART: the call would fail with EINTR where it never does outside the sandbox. Once
 * received, only fatal signals interrupt it (SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV). So all that counts is to be
 * quick: a thread of its own, as favoured by the scheduler as we may be, that does nothing but receive and pass the
 * notification on through a pipe. See seccomp_unotify(2).
 */
#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MOST_FAVOURED = -20 };

struct receiver {
    int listener; /* the notification descriptor */
    int output;   /* the pipe to pass notifications on */
    int stop;     /* becomes readable (end of file) when the receiver is to end */
};

static void close_all(const struct receiver *receiver)
{
    close(receiver->listener);
    close(receiver->output);
    close(receiver->stop);
}

/* Receives one notification and passes it on; false when there is nothing more to come. */
static int pass_one_on(const struct receiver *receiver)
{
    struct seccomp_notif notification;
    memset(&notification, 0, sizeof notification); /* the kernel insists */
    if (ioctl(receiver->listener, SECCOMP_IOCTL_NOTIF_RECV, &notification) < 0)
        return errno == ENOENT || errno == EINTR; /* its thread was interrupted or died meanwhile */
    return write(receiver->output, &notification, sizeof notification) == (ssize_t)sizeof notification;
}

static void *receive(void *argument)
{
    struct receiver *receiver = argument;
    struct pollfd watched[] = {
        { .fd = receiver->listener, .events = POLLIN },
        { .fd = receiver->stop, .events = POLLIN },
    };
    setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), MOST_FAVOURED); /* a thread's own; may be refused */
    for (;;) {
        if (poll(watched, 2, -1) < 0) {
            if (errno == EINTR)
                continue;
            break;
        }
        if (watched[1].revents != 0)
            break;
        if ((watched[0].revents & POLLIN) != 0) {
            if (!pass_one_on(receiver))
                break;
        } else if (watched[0].revents != 0) { /* hung up: no process is left that the filter applies to */
            break;
        }
    }
    close_all(receiver);
    free(receiver);
    return NULL;
}

/*
 * Starts a thread that receives from `listener` and writes to `output` until `stop` is readable or no watched
 * process is left. The thread owns the three descriptors and closes them. Returns 0 or an error number.
 */
int start_receiver(int listener, int output, int stop)
{
    struct receiver *receiver = malloc(sizeof *receiver);
    if (receiver == NULL)
        return ENOMEM;
    *receiver = (struct receiver){ .listener = listener, .output = output, .stop = stop };

    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, 64 * 1024);
    int error = pthread_create(&thread, &attributes, receive, receiver);
    pthread_attr_destroy(&attributes);
    if (error != 0) {
        close_all(receiver);
        free(receiver);
    }
    return error;
}
