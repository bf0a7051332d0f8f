/*
 * signalfd_loop, with a pidfd for each job, so that SIGCHLD is of no interest, a signalfd that is read one by
 * one, edge-triggered, and a timer that is set anew for each tick. The jobs are made by posix_spawn, which
 * does all that a child has to do before exec.
 */

#define _GNU_SOURCE

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

/* What epoll gives back: for a job its number, from 1 on. */
enum { INPUT = -1, SIGNALS = -2, TIMER = -3 };

static struct {
    int pidfd;
} jobs[4096];
static int epoll, last, running, input_open = 1, leaving;
static sigset_t before;
static FILE *line_stream;
static char *line;
static size_t line_size;

static void watch(int fd, long what, unsigned flags)
{
    struct epoll_event event = {.events = EPOLLIN | flags, .data.u64 = (unsigned long)what};

    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == -1)
        err(1, "epoll_ctl");
}

static void launch(void)
{
    char *argv[] = {"sh", "-c", line, NULL};
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    pid_t pid;

    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &before);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    last++;
    errno = posix_spawn(&pid, "/bin/sh", &actions, &attributes, argv, environ);
    if (errno != 0) {
        warn("posix_spawn");
        printf("job %d: not started\n", last);
    } else {
        printf("job %d: started\n", last);
        running++;
        jobs[last].pidfd = pidfd_open(pid, 0);
        watch(jobs[last].pidfd, last, 0);
    }
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
}

static void finish(long number)
{
    siginfo_t info;

    if (waitid(P_PIDFD, (id_t)jobs[number].pidfd, &info, WEXITED) == -1)
        err(1, "waitid");
    /* Not just close: a child that has not come to its exec has a copy, and epoll would keep watching it. */
    epoll_ctl(epoll, EPOLL_CTL_DEL, jobs[number].pidfd, NULL);
    close(jobs[number].pidfd);
    jobs[number].pidfd = 0;
    running--;
    if (info.si_code == CLD_EXITED)
        printf("job %ld: exited with %d\n", number, info.si_status);
    else
        printf("job %ld: killed by SIG%s\n", number, sigabbrev_np(info.si_status));
}

static void on_signals(int fd)
{
    struct signalfd_siginfo info;

    while (read(fd, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGUSR1) {
            printf("running: %d\n", running);
            continue;
        }
        leaving = 1;
        for (int number = 1; number <= last; number++)
            if (jobs[number].pidfd != 0)
                pidfd_send_signal(jobs[number].pidfd, SIGTERM, NULL, 0);
    }
}

/* One byte at a time: slow, and never too much. */
static void on_input(void)
{
    char byte;

    if (read(0, &byte, 1) != 1) {
        epoll_ctl(epoll, EPOLL_CTL_DEL, 0, NULL);
        input_open = 0;
    } else if (byte != '\n') {
        fputc(byte, line_stream);
    } else {
        fflush(line_stream);
        if (line_size > 0 && !leaving)
            launch();
        fclose(line_stream);
        free(line);
        line_stream = open_memstream(&line, &line_size);
    }
}

static struct timespec origin;

static long long since_start(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - origin.tv_sec) * 1000000000LL + now.tv_nsec - origin.tv_nsec;
}

static void set_timer(int fd, long long period, long long tick)
{
    long long at = origin.tv_sec * 1000000000LL + origin.tv_nsec + tick * period;
    struct itimerspec once = {.it_value = {.tv_sec = at / 1000000000, .tv_nsec = at % 1000000000}};

    timerfd_settime(fd, TFD_TIMER_ABSTIME, &once, NULL);
}

int main(int argc, char *argv[])
{
    long long period = argc > 1 ? atoll(argv[1]) * 1000000 : 0;

    if (argc > 2 || (argc == 2 && period <= 0))
        errx(2, "usage: signalfd_loop [PERIOD]");

    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, &before);
    clock_gettime(CLOCK_MONOTONIC, &origin);
    line_stream = open_memstream(&line, &line_size);

    int signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (signals == -1 || timer == -1 || epoll == -1)
        err(1, "no descriptor");
    watch(signals, SIGNALS, EPOLLET);
    watch(timer, TIMER, 0);
    watch(0, INPUT, 0);
    if (period > 0)
        set_timer(timer, period, 1);

    while (running > 0 || (input_open && !leaving)) {
        struct epoll_event event;

        fflush(stdout);
        if (epoll_wait(epoll, &event, 1, -1) != 1)
            continue;
        long what = (long)event.data.u64;
        if (what == SIGNALS) {
            on_signals(signals);
        } else if (what == INPUT) {
            on_input();
        } else if (what == TIMER) {
            long long tick = since_start() / period;
            printf("tick %lld\n", tick);
            set_timer(timer, period, tick + 1);
        } else {
            finish(what);
        }
    }
    fclose(line_stream);
    free(line);
    close(epoll);
    close(timer);
    close(signals);
    return 0;
}
