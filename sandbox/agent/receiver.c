/*
 * Receives seccomp notifications the moment they are posted, and answers those that every process causes.
 *
 * Until its notification has been received, a held system call can still be interrupted by a signal whose handler
 * was installed without SA_RESTART: the call would fail with EINTR where it never does outside the sandbox. Once
 * received, only fatal signals interrupt it (SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV). So what counts is to be quick:
 * a thread of its own, as favoured by the scheduler as we may be. It captures a process that is born, executes a
 * program or exits, and lets it go on. All else, and what it cannot capture, it passes on to be answered.
 * See seccomp_unotify(2).
 */
#define _GNU_SOURCE
#include "capture.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* From Linux 6.6 on; the headers may be older. */
#ifndef SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP 1UL
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif

enum { MOST_FAVOURED = -20, NANOSECONDS = 1000000000 };

/* What a record on the pipe holds; kept in step with held_calls.py. */
enum kind { HELD, BIRTH, EXEC, EXIT };

/* A captured call, already answered: JSON of `size` bytes follows. A held one: its notification follows. */
struct record {
    uint32_t size;
    uint32_t kind;
    uint64_t time; /* CLOCK_MONOTONIC, in nanoseconds */
    int32_t pid;
    int32_t pidfd; /* of a captured one, for whoever reads this to close */
};

struct receiver {
    int listener; /* the notification descriptor */
    int output;   /* the pipe to write records to */
    int stop;     /* becomes readable (end of file) when the receiver is to end */
    struct json json;
};

static void close_all(const struct receiver *receiver)
{
    close(receiver->listener);
    close(receiver->output);
    close(receiver->stop);
}

static bool write_whole(int output, const void *bytes, size_t size)
{
    const char *place = bytes;

    while (size > 0) {
        ssize_t written = write(output, place, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        place += written;
        size -= (size_t)written;
    }
    return true;
}

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * NANOSECONDS + (uint64_t)time.tv_nsec;
}

/* Returns what has been captured of the call's process, or HELD if that is not for us. */
static enum kind capture(struct json *json, const struct seccomp_notif *notification)
{
    pid_t pid = (pid_t)notification->pid;

    switch (notification->data.nr) {
    case SYS_set_robust_list:
        capture_birth(json, pid);
        return json->is_whole ? BIRTH : HELD;
    case SYS_set_tid_address:
        capture_exec(json, pid);
        return json->is_whole ? EXEC : HELD;
    case SYS_exit_group:
        capture_exit(json, pid, (int)notification->data.args[0]);
        return json->is_whole ? EXIT : HELD;
    default:
        return HELD;
    }
}

static void let_go(int listener, const struct seccomp_notif *notification)
{
    struct seccomp_notif_resp response = {
        .id = notification->id,
        .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE,
    };
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response); /* fails if it has been killed meanwhile */
}

/* Writes the record before the call is let go: a process has no end of which we know less than of its exit. */
static bool take(struct receiver *receiver, const struct seccomp_notif *notification)
{
    struct record record = { .kind = HELD, .time = now(), .pid = (int32_t)notification->pid, .pidfd = -1 };
    int pidfd = pidfd_open((pid_t)notification->pid, 0); /* refused for threads other than the first */

    if (pidfd >= 0)
        record.kind = capture(&receiver->json, notification);
    if (record.kind == HELD) {
        if (pidfd >= 0)
            close(pidfd);
        record.size = sizeof *notification;
        return write_whole(receiver->output, &record, sizeof record) &&
               write_whole(receiver->output, notification, sizeof *notification);
    }
    record.pidfd = pidfd;
    record.size = (uint32_t)receiver->json.size;
    if (!write_whole(receiver->output, &record, sizeof record) ||
        !write_whole(receiver->output, receiver->json.bytes, receiver->json.size))
        return false;
    let_go(receiver->listener, notification);
    return true;
}

/* Receives one notification and sees to it; false when there is nothing more to come. */
static bool receive_one(struct receiver *receiver)
{
    struct seccomp_notif notification;
    memset(&notification, 0, sizeof notification); /* the kernel insists */
    if (ioctl(receiver->listener, SECCOMP_IOCTL_NOTIF_RECV, &notification) < 0)
        return errno == ENOENT || errno == EINTR; /* its thread was interrupted or died meanwhile */
    return take(receiver, &notification);
}

static void *receive(void *argument)
{
    struct receiver *receiver = argument;
    struct pollfd watched[] = {
        { .fd = receiver->listener, .events = POLLIN },
        { .fd = receiver->stop, .events = POLLIN },
    };
    setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), MOST_FAVOURED); /* a thread's own; may be refused */
    /* While we look, the program waits, and the other way round: neither has to wake another processor. */
    ioctl(receiver->listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
    for (;;) {
        if (poll(watched, 2, -1) < 0) {
            if (errno == EINTR)
                continue;
            break;
        }
        if (watched[1].revents != 0)
            break;
        if ((watched[0].revents & POLLIN) != 0) {
            if (!receive_one(receiver))
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
    receiver->listener = listener;
    receiver->output = output;
    receiver->stop = stop;

    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, 128 * 1024);
    int error = pthread_create(&thread, &attributes, receive, receiver);
    pthread_attr_destroy(&attributes);
    if (error != 0) {
        close_all(receiver);
        free(receiver);
    }
    return error;
}
