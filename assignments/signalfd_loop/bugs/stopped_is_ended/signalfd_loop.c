/*
 * signalfd_loop - starts the jobs it is told to, and listens to everything at once
 *
 *     ./signalfd_loop [PERIOD]
 *
 * Each line on standard input is a job for the shell. The starts and ends of jobs are reported, SIGUSR1 is
 * answered with how many are running, and with a PERIOD (in milliseconds) a clock ticks. All of this comes
 * in through descriptors, and epoll_wait is the one place in which the program sleeps.
 *
 * Exit status: 0 after the end of the input or after SIGTERM or SIGINT, 2 for a usage error, 1 if a system
 * call failed that it cannot do without.
 */

#define _GNU_SOURCE /* sigabbrev_np */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
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
    NOT_EXECUTABLE = 126,
    LONGEST_LINE = 4096,
    SIGNALS_AT_ONCE = 8,
};

struct job {
    pid_t pid;
    int number;
};

struct state {
    sigset_t before;   /* the signal mask with which we were started, and with which the jobs are */
    struct job *jobs;  /* those that were started and not yet reported */
    size_t running;    /* how many of them there are */
    size_t room;       /* for how many there is room */
    int last_number;
    uint64_t periods;  /* that have passed since the start */
    char line[LONGEST_LINE];
    size_t length;     /* of what has come of the line so far */
    bool more_to_read; /* the input has not ended */
    bool leaving;      /* because of SIGTERM or SIGINT */
};

static void die(const char *what)
{
    fprintf(stderr, "signalfd_loop: %s: %s\n", what, strerror(errno));
    exit(FAILED);
}

/* -- jobs ------------------------------------------------------------------------------------------ */

/* The child's part: becomes the shell that runs the job. */
static _Noreturn void become(const char *line, const sigset_t *before)
{
    /* exec keeps the signal mask: with ours, a job could not be ended by SIGTERM. Our input is not its own. */
    sigprocmask(SIG_SETMASK, before, NULL);
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing == -1 || dup2(nothing, STDIN_FILENO) == -1) {
        perror("signalfd_loop: /dev/null");
        _exit(NOT_EXECUTABLE);
    }
    execl("/bin/sh", "sh", "-c", line, (char *)NULL);
    perror("signalfd_loop: /bin/sh");
    _exit(NOT_EXECUTABLE);
}

static void start_job(struct state *state, const char *line)
{
    if (state->running == state->room) {
        size_t room = state->room == 0 ? 16 : 2 * state->room;
        struct job *jobs = realloc(state->jobs, room * sizeof *jobs);

        if (jobs == NULL)
            die("realloc");
        state->jobs = jobs;
        state->room = room;
    }

    int number = ++state->last_number;
    pid_t pid = fork();
    if (pid == -1) {
        perror("signalfd_loop: fork");
        printf("job %d: not started\n", number);
        return;
    }
    if (pid == 0)
        become(line, &state->before);
    state->jobs[state->running++] = (struct job){.pid = pid, .number = number};
    printf("job %d: started\n", number);
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

static void report_end(struct state *state, pid_t pid, int status)
{
    size_t i = 0;

    while (i < state->running && state->jobs[i].pid != pid)
        i++;
    if (i == state->running)
        return; /* a child that we were born with: whoever executed us had it before */
    if (WIFSIGNALED(status))
        printf("job %d: killed by %s\n", state->jobs[i].number, signal_name(WTERMSIG(status)));
    else
        printf("job %d: exited with %d\n", state->jobs[i].number, WEXITSTATUS(status));
    state->jobs[i] = state->jobs[--state->running];
}

/* Reaps every child that has ended by now: one SIGCHLD may stand for many of them, or for none. */
static void reap(struct state *state)
{
    pid_t pid;
    int status;

    while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0)
        report_end(state, pid, status);
}

/* -- what comes in --------------------------------------------------------------------------------- */

static void leave(struct state *state)
{
    state->leaving = true;
    for (size_t i = 0; i < state->running; i++)
        kill(state->jobs[i].pid, SIGTERM);
}

static void on_signals(struct state *state, int signals)
{
    struct signalfd_siginfo infos[SIGNALS_AT_ONCE];
    ssize_t size = read(signals, infos, sizeof infos);

    if (size == -1) {
        if (errno != EINTR && errno != EAGAIN)
            die("read from the signalfd");
        return;
    }
    for (size_t i = 0; i < (size_t)size / sizeof *infos; i++) {
        switch (infos[i].ssi_signo) {
        case SIGCHLD:
            reap(state);
            break;
        case SIGUSR1:
            printf("running: %zu\n", state->running);
            break;
        default:
            leave(state);
        }
    }
}

/* The timer tells how many periods have passed since it was read last: more than one if we were late. */
static void on_timer(struct state *state, int timer)
{
    uint64_t periods;

    if (read(timer, &periods, sizeof periods) == -1) {
        if (errno != EINTR && errno != EAGAIN)
            die("read from the timerfd");
        return;
    }
    state->periods += periods;
    printf("tick %" PRIu64 "\n", state->periods);
}

/* Takes what has come, which may be half a line or several, and starts a job for each line that is complete. */
static void on_input(struct state *state, int epoll)
{
    ssize_t count = read(STDIN_FILENO, state->line + state->length, sizeof state->line - state->length);

    if (count == -1) {
        if (errno != EINTR && errno != EAGAIN)
            die("read");
        return;
    }
    if (count == 0) {
        /* an end of file would be ready for ever, and epoll_wait would never sleep again */
        epoll_ctl(epoll, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
        state->more_to_read = false;
        return;
    }

    char *line = state->line, *end = line + state->length + count, *newline;
    while ((newline = memchr(line, '\n', (size_t)(end - line))) != NULL) {
        *newline = '\0';
        if (newline > line && !state->leaving)
            start_job(state, line);
        line = newline + 1;
    }
    state->length = (size_t)(end - line);
    if (state->length == sizeof state->line) {
        fprintf(stderr, "signalfd_loop: a line is too long\n");
        exit(FAILED);
    }
    memmove(state->line, line, state->length);
}

/* -- the loop -------------------------------------------------------------------------------------- */

/* Blocks the signals that we want to read, as else they would still be delivered, and opens a descriptor for them. */
static int open_signals(sigset_t *before)
{
    sigset_t ours;

    sigemptyset(&ours);
    sigaddset(&ours, SIGCHLD);
    sigaddset(&ours, SIGUSR1);
    sigaddset(&ours, SIGTERM);
    sigaddset(&ours, SIGINT);
    if (sigprocmask(SIG_BLOCK, &ours, before) == -1)
        die("sigprocmask");

    int signals = signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals == -1)
        die("signalfd");
    return signals;
}

/* A descriptor that becomes readable each time a period has passed; never, if that is 0. */
static int open_timer(long period)
{
    struct timespec each = {.tv_sec = period / 1000, .tv_nsec = period % 1000 * 1000000};
    struct itimerspec setting = {.it_interval = each, .it_value = each};

    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (timer == -1 || timerfd_settime(timer, 0, &setting, NULL) == -1)
        die("timerfd");
    return timer;
}

static int open_epoll(const int fds[], int count)
{
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    if (epoll == -1)
        die("epoll_create1");
    for (int i = 0; i < count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fds[i]};

        if (epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &event) == -1)
            die("epoll_ctl");
    }
    return epoll;
}

/* Whether there is anything left to wait for. */
static bool goes_on(const struct state *state)
{
    return state->running > 0 || (state->more_to_read && !state->leaving);
}

static void run(struct state *state, int epoll, int signals, int timer)
{
    struct epoll_event events[3];

    while (goes_on(state)) {
        int count = epoll_wait(epoll, events, 3, -1);

        if (count == -1 && errno != EINTR)
            die("epoll_wait");
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == signals)
                on_signals(state, signals);
            else if (events[i].data.fd == timer)
                on_timer(state, timer);
            else
                on_input(state, epoll);
        }
    }
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

    struct state state = {.more_to_read = true};
    setvbuf(stdout, NULL, _IOLBF, 0); /* each line at once, into a pipe as well */
    int signals = open_signals(&state.before);
    int timer = open_timer(period);
    int epoll = open_epoll((int[]){STDIN_FILENO, signals, timer}, 3);

    run(&state, epoll, signals, timer);
    free(state.jobs);
    close(epoll);
    close(timer);
    close(signals);
    return 0;
}
