/* A thread that closes what may take long. It may be kept for ever; nobody else is. */
#define _GNU_SOURCE
#include "close_aside.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE = 50000000, NANOSECONDS = 1000000000, STACK_BYTES = 64 * 1024 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t has_closed = PTHREAD_COND_INITIALIZER;
static int queue[2]; /* a pipe of descriptors to close */
static bool has_started;
static uint64_t asked, closed; /* how many */

static void *close_each(void *unused)
{
    int descriptor;

    (void)unused;
    for (;;) {
        if (read(queue[0], &descriptor, sizeof descriptor) != sizeof descriptor)
            continue;
        close(descriptor);
        pthread_mutex_lock(&lock);
        closed++;
        pthread_cond_broadcast(&has_closed);
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

static bool start(void)
{
    pthread_t thread;
    pthread_attr_t attributes;
    sigset_t all, before;

    if (has_started)
        return true;
    if (queue[1] == 0 && pipe2(queue, O_CLOEXEC) < 0)
        return false;
    fcntl(queue[1], F_SETFL, O_NONBLOCK);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* which the thread inherits: signals are for others */
    has_started = pthread_create(&thread, &attributes, close_each, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return has_started;
}

void close_aside(int descriptor)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += PATIENCE;
    until.tv_sec += until.tv_nsec / NANOSECONDS;
    until.tv_nsec %= NANOSECONDS;
    pthread_mutex_lock(&lock);
    bool is_free = asked == closed;
    if (start() && write(queue[1], &descriptor, sizeof descriptor) == sizeof descriptor) {
        uint64_t ticket = ++asked;
        while (is_free && closed < ticket) {
            if (pthread_cond_timedwait(&has_closed, &lock, &until) != 0)
                break;
        }
        descriptor = -1;
    }
    pthread_mutex_unlock(&lock);
    if (descriptor >= 0) /* it could not be handed over; nobody may wait in vain for it to be closed */
        close(descriptor);
}

bool is_closing_aside(void)
{
    pthread_mutex_lock(&lock);
    bool is_closing = asked != closed;
    pthread_mutex_unlock(&lock);
    return is_closing;
}
