/*
 * signalfd_loop - starts the jobs it is told to, and listens to everything at once
 *
 *     ./signalfd_loop [PERIOD]
 *
 * The words of the command line are already read, and input is listened to. What is left for you is marked
 * TODO.
 */

#define _GNU_SOURCE /* sigabbrev_np */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    FAILED = 1,
    USAGE_ERROR = 2,
};

static void die(const char *what)
{
    fprintf(stderr, "signalfd_loop: %s: %s\n", what, strerror(errno));
    exit(FAILED);
}

/* The name of a signal, such as SIGTERM. */
static const char *signal_name(int number)
{
    static char name[16];
    const char *abbreviation = sigabbrev_np(number);

    if (abbreviation != NULL)
        snprintf(name, sizeof name, "SIG%s", abbreviation);
    else
        snprintf(name, sizeof name, "signal %d", number); /* the real-time signals have no names */
    return name;
}

/* Tells how a job has ended. */
static void report_end(int number, int status)
{
    /* TODO: exited with what, or killed by what? man 2 waitpid has the macros that take `status` apart. */
    printf("job %d: killed by %s\n", number, signal_name(status));
}

/* Takes what has come on standard input. Returns 0 at its end. */
static int on_input(void)
{
    char bytes[4096];
    ssize_t count = read(STDIN_FILENO, bytes, sizeof bytes);

    /*
     * TODO: start `/bin/sh -c LINE` for each line. How many lines are there in what was read? Is the last
     * one complete? What of ours must a job not inherit?
     */
    if (count > 0)
        report_end(1, 0);
    return count > 0;
}

/* Runs until there is nothing left to wait for; returns the exit status. */
static int run(long period)
{
    int epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = STDIN_FILENO};

    if (epoll == -1 || epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event) == -1)
        die("epoll");

    /*
     * TODO: a descriptor for signals and one for the time. What has to be done to the signals before, so
     * that they come that way and no other? What do you read from each of the two, and how much of it?
     */
    (void)period;
    do {
        if (epoll_wait(epoll, &event, 1, -1) == -1 && errno != EINTR)
            die("epoll_wait");
    } while (on_input());
    close(epoll);
    return 0;
}

/* The period in milliseconds, 0 for none, or -1 for a usage error. */
static long period_of(int argc, char *argv[])
{
    char *end;

    if (argc == 1)
        return 0;
    errno = 0;
    long period = strtol(argv[1], &end, 10);
    return argc == 2 && end != argv[1] && *end == '\0' && errno == 0 && period > 0 ? period : -1;
}

int main(int argc, char *argv[])
{
    long period = period_of(argc, argv);

    if (period == -1) {
        fprintf(stderr, "usage: signalfd_loop [PERIOD]\n");
        return USAGE_ERROR;
    }
    setvbuf(stdout, NULL, _IOLBF, 0); /* each line at once, into a pipe as well */
    return run(period);
}
