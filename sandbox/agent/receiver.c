/*
 * Receives seccomp notifications the moment they are posted, answers those that every process causes, and sees every
 * process end.
 *
 * Until its notification has been received, a held system call can still be interrupted by a signal whose handler
 * was installed without SA_RESTART: the call would fail with EINTR where it never does outside the sandbox. Once
 * received, only fatal signals interrupt it (SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV). So what counts is to be quick:
 * a thread of its own, as favoured by the scheduler as we may be. It captures a process that is born, executes a
 * program or exits, and lets it go on. All else, and what it cannot capture, it passes on to be answered. What it
 * captures is read when somebody has time: whoever is woken by it takes a processor that the program could use.
 * See seccomp_unotify(2), pidfd_open(2).
 */
#define _GNU_SOURCE
#include "capture.h"
#include "process.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { MOST_FAVOURED = -20, NANOSECONDS = 1000000000, READY = 16 };

/* How often it is looked, in milliseconds, for processes that have ended and that nobody waits for. */
enum { LOOK_FOR_ZOMBIES = 5 };

/* What a record on the pipe holds; kept in step with held_calls.py. */
enum kind { HELD, EVENTS };

/* The notification of a call that is still held and when it was received, or events, follow: `size` bytes. */
struct record {
    uint32_t size;
    uint32_t kind;
    int32_t pid;
};
_Static_assert(sizeof(struct record) == HEADER_BYTES, "an event has room for its record");

struct receiver {
    int listener; /* the notification descriptor */
    int output;   /* the pipe to write records to, non-blocking */
    int wake;     /* the eventfd of who reads them */
    int stop;     /* becomes readable (end of file) when the receiver is to end */
    uint64_t looked; /* for zombies, last */
    struct processes processes;
    struct json json;
};

static void free_receiver(struct receiver *receiver)
{
    free_processes(&receiver->processes);
    close(receiver->listener);
    close(receiver->wake);
    close(receiver->stop);
    close(receiver->output); /* last: to the reader it is the sign that all is over */
    free(receiver);
}

/* Writes everything; waits, while there is no room, for the reader, which it wakes. False if there is none. */
static bool write_whole(const struct receiver *receiver, const void *bytes, size_t size)
{
    const char *place = bytes;
    struct pollfd room = { .fd = receiver->output, .events = POLLOUT };

    while (size > 0) {
        ssize_t written = write(receiver->output, place, size);
        if (written >= 0) {
            place += written;
            size -= (size_t)written;
        } else if (errno == EAGAIN) {
            eventfd_write(receiver->wake, 1);
            poll(&room, 1, -1);
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * NANOSECONDS + (uint64_t)time.tv_nsec;
}

/* Writes the events that have been captured, of one process, if there are any. */
static bool write_events(struct receiver *receiver, pid_t pid)
{
    struct json *json = &receiver->json;
    if (json->size == HEADER_BYTES)
        return true;
    struct record record = { .size = (uint32_t)(json->size - HEADER_BYTES), .kind = EVENTS, .pid = (int32_t)pid };

    memcpy(json->bytes, &record, sizeof record);
    bool is_written = write_whole(receiver, json->bytes, json->size);
    clear_events(json);
    return is_written;
}

/* Captures the event that a call is; false if that is not for us. */
static bool capture(struct receiver *receiver, const struct seccomp_notif *notification, struct process *process,
                    uint64_t time)
{
    struct json *json = &receiver->json;

    switch (notification->data.nr) {
    case SYS_set_robust_list:
        begin_event(json, "birth", time, process->pid);
        capture_birth(json, process);
        break;
    case SYS_set_tid_address:
        begin_event(json, "exec", time, process->pid);
        capture_exec(json, process);
        break;
    case SYS_exit_group:
        begin_event(json, "exit", time, process->pid);
        capture_exit(json, process, &receiver->processes, (int)notification->data.args[0]);
        break;
    case SYS_rt_sigaction:
        begin_event(json, "sigchld", time, process->pid);
        capture_action(json, process, notification->data.args[1]);
        break;
    default:
        return false;
    }
    return json->is_whole;
}

static void let_go(int listener, const struct seccomp_notif *notification)
{
    struct seccomp_notif_resp response = {
        .id = notification->id,
        .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE,
    };
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response); /* fails if it has been killed meanwhile */
}

/* Whether a call tells nothing: a new image makes the first call of a new process, too, after its own. */
static bool tells_nothing(struct process *process, const struct seccomp_data *call)
{
    bool has_executed = process->has_executed;

    if (call->nr == SYS_set_tid_address)
        process->has_executed = true;
    if (call->nr == SYS_rt_sigaction)
        return call->args[1] == 0; /* it only asks */
    if (call->nr != SYS_set_robust_list)
        return false;
    process->has_executed = false;
    return has_executed;
}

static bool pass_on(const struct receiver *receiver, const struct seccomp_notif *notification, uint64_t time)
{
    struct {
        struct record record;
        struct seccomp_notif notification;
        uint64_t time;
    } __attribute__((packed)) held = {
        .record = { .size = sizeof held - sizeof held.record, .kind = HELD, .pid = (int32_t)notification->pid },
        .notification = *notification,
        .time = time,
    };
    return write_whole(receiver, &held, sizeof held) && eventfd_write(receiver->wake, 1) == 0;
}

/* Writes the event before the call is let go: a process has no end of which we know less than of its exit. */
static bool take(struct receiver *receiver, const struct seccomp_notif *notification)
{
    uint64_t time = now();
    struct process *process = know_process(&receiver->processes, (pid_t)notification->pid);

    if (process == NULL)
        return pass_on(receiver, notification, time);
    if (!tells_nothing(process, &notification->data)) {
        if (!capture(receiver, notification, process, time)) {
            clear_events(&receiver->json);
            return pass_on(receiver, notification, time);
        }
        if (!write_events(receiver, process->pid))
            return false;
    }
    let_go(receiver->listener, notification);
    return true;
}

/* Receives one notification and sees to it; false when there is nobody to tell. */
static bool receive_one(struct receiver *receiver)
{
    struct seccomp_notif notification;
    memset(&notification, 0, sizeof notification); /* the kernel insists */
    if (ioctl(receiver->listener, SECCOMP_IOCTL_NOTIF_RECV, &notification) < 0)
        return true; /* its thread was interrupted or died meanwhile */
    return take(receiver, &notification);
}

static void add_end(struct receiver *receiver, struct process *process)
{
    begin_event(&receiver->json, "end", now(), process->pid);
    capture_end(&receiver->json, process);
    process->has_ended = true;
}

static void add_reaping(struct receiver *receiver, const struct process *process)
{
    begin_event(&receiver->json, "gone", now(), process->pid);
    capture_reaping(&receiver->json);
}

/* Sees to a process that has been waited for, or has ended; false if there is nobody to tell. */
static bool see_end(struct receiver *receiver, struct process *process, bool is_reaped)
{
    if (!process->has_ended)
        add_end(receiver, process);
    if (is_reaped)
        add_reaping(receiver, process);
    bool goes_on = write_events(receiver, process->pid);
    if (is_reaped || !receiver->processes.tell_of_reaping)
        forget_process(&receiver->processes, process);
    else
        await_reaping(&receiver->processes, process);
    return goes_on;
}

/* Sees to all of which that can be told now; false if there is nobody to tell. */
static bool see_ends(struct receiver *receiver)
{
    struct epoll_event ready[READY];
    int count;

    do {
        count = epoll_wait(receiver->processes.ends, ready, READY, 0);
        for (int i = 0; i < count; i++) {
            struct process *process = process_of_pidfd(&receiver->processes, ready[i].data.fd);
            if (process != NULL && !see_end(receiver, process, (ready[i].events & EPOLLHUP) != 0))
                return false;
        }
    } while (count == READY);
    return true;
}

/* Tells of those that have ended and have not been waited for yet; false if there is nobody to tell. */
static bool see_zombies(struct receiver *receiver)
{
    bool goes_on = true;

    receiver->looked = now();
    for (size_t i = 0; i < receiver->processes.count && goes_on; i++) {
        struct process *process = &receiver->processes.list[i];
        if (!process->has_ended && is_over(process)) {
            add_end(receiver, process);
            goes_on = write_events(receiver, process->pid);
        }
    }
    return goes_on;
}

static void *receive(void *argument)
{
    struct receiver *receiver = argument;
    /* By poll, which runs this thread where the program stops if the kernel says so; epoll would not pass that on. */
    struct pollfd watched[] = {
        { .fd = receiver->listener, .events = POLLIN },
        { .fd = receiver->processes.ends, .events = POLLIN },
        { .fd = receiver->stop, .events = POLLIN },
    };
    bool goes_on = true;

    setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), MOST_FAVOURED); /* a thread's own; may be refused */
    /* Not SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP: it would draw all processes of a pipeline to this thread's processor. */
    while (goes_on) {
        if (poll(watched, 3, receiver->processes.count > 0 ? LOOK_FOR_ZOMBIES : -1) < 0)
            continue;
        if (watched[1].revents != 0) /* first: whoever makes the next call may have waited for them */
            goes_on = see_ends(receiver);
        if (goes_on && (watched[0].revents & POLLIN) != 0)
            goes_on = receive_one(receiver);
        else if (watched[0].revents != 0)
            watched[0].fd = -1; /* hung up: no process is left that the filter applies to */
        if (goes_on && now() - receiver->looked >= LOOK_FOR_ZOMBIES * (NANOSECONDS / 1000))
            goes_on = see_zombies(receiver);
        if (watched[2].revents != 0) {
            if (goes_on && see_ends(receiver))
                see_zombies(receiver);
            goes_on = false;
        }
    }
    free_receiver(receiver);
    return NULL;
}

/*
 * Starts a thread that receives from `listener` and writes to `output` until `stop` is readable; then it tells what
 * is left to tell, and ends. It adds to the eventfd `wake` when a call waits for an answer, or the pipe is full. The
 * thread owns the four descriptors and closes them. The last two are as in `struct processes`. Returns 0 or an
 * error number.
 */
int start_receiver(int listener, int output, int wake, int stop, int tell_of_reaping, int keep_status)
{
    struct receiver *receiver = calloc(1, sizeof *receiver);
    if (receiver == NULL)
        return ENOMEM;
    receiver->listener = listener;
    receiver->output = output;
    receiver->wake = wake;
    receiver->stop = stop;
    clear_events(&receiver->json);
    receiver->processes.tell_of_reaping = tell_of_reaping != 0;
    receiver->processes.keep_status = keep_status != 0;
    receiver->processes.ends = epoll_create1(EPOLL_CLOEXEC);
    int error = receiver->processes.ends < 0 ? errno : 0;

    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, 128 * 1024);
    if (error == 0)
        error = pthread_create(&thread, &attributes, receive, receiver);
    pthread_attr_destroy(&attributes);
    if (error != 0)
        free_receiver(receiver);
    return error;
}
