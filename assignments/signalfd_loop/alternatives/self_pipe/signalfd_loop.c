/*
 * signalfd_loop, without any of the three: a handler writes each signal's number into a pipe, poll waits for
 * that pipe and for input, and its time limit is what is left until the next tick.
 */

#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST_JOBS 1000

static int wake[2];
static pid_t pids[MOST_JOBS]; /* by number; 0 for one that has been reported */
static int last, running, leaving, input_open = 1;
static char *text; /* input that is not yet a line */
static size_t text_length;

static void note(int number)
{
    int saved = errno;
    unsigned char byte = (unsigned char)number;

    if (write(wake[1], &byte, 1) == -1) {
        /* full: there is enough in it to make us look */
    }
    errno = saved;
}

static void launch(char *line)
{
    int number = ++last;

    if (number >= MOST_JOBS)
        exit(1);
    pids[number] = fork();
    if (pids[number] == -1) {
        perror("fork");
        dprintf(1, "job %d: not started\n", number);
        pids[number] = 0;
        return;
    }
    if (pids[number] == 0) { /* exec sets back what is caught, so there is nothing to undo */
        close(0);
        if (open("/dev/null", O_RDONLY) == 0)
            execl("/bin/sh", "sh", "-c", line, (char *)0);
        _exit(126);
    }
    running++;
    dprintf(1, "job %d: started\n", number);
}

static void collect(void)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        int number = 1;
        while (pids[number] != pid)
            number++;
        pids[number] = 0;
        running--;
        if (WIFEXITED(status))
            dprintf(1, "job %d: exited with %d\n", number, WEXITSTATUS(status));
        else
            dprintf(1, "job %d: killed by SIG%s\n", number, sigabbrev_np(WTERMSIG(status)));
    }
}

static void take_signals(void)
{
    unsigned char bytes[64];
    ssize_t n;

    while ((n = read(wake[0], bytes, sizeof bytes)) > 0) {
        for (ssize_t i = 0; i < n; i++) {
            if (bytes[i] == SIGUSR1) {
                dprintf(1, "running: %d\n", running);
            } else if (bytes[i] != SIGCHLD) {
                leaving = 1;
                for (int number = 1; number <= last; number++)
                    if (pids[number] != 0)
                        kill(pids[number], SIGTERM);
            }
        }
    }
    collect(); /* whatever it was that woke us */
}

static void take_input(void)
{
    char bytes[100];
    ssize_t n = read(0, bytes, sizeof bytes);

    if (n <= 0) {
        input_open = n == -1 && errno == EINTR;
        return;
    }
    for (ssize_t i = 0; i < n; i++) {
        text = realloc(text, text_length + 1);
        text[text_length] = bytes[i] == '\n' ? '\0' : bytes[i];
        if (bytes[i] != '\n') {
            text_length++;
            continue;
        }
        if (text_length > 0 && !leaving)
            launch(text);
        text_length = 0;
    }
}

static long long now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000LL + time.tv_nsec / 1000000;
}

int main(int argc, char *argv[])
{
    long long start = now(), period = argc > 1 ? atoll(argv[1]) : 0, told = 0;
    struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};
    int signals[] = {SIGCHLD, SIGUSR1, SIGTERM, SIGINT};

    if (argc > 2 || (argc == 2 && period <= 0)) {
        fputs("usage: signalfd_loop [PERIOD]\n", stderr);
        return 2;
    }
    if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) == -1) {
        perror("pipe2");
        return 1;
    }
    sigfillset(&action.sa_mask);
    for (int i = 0; i < 4; i++)
        sigaction(signals[i], &action, NULL);

    while (running > 0 || (input_open && !leaving)) {
        struct pollfd fds[] = {{.fd = wake[0], .events = POLLIN}, {.fd = input_open ? 0 : -1, .events = POLLIN}};
        int limit = -1;

        if (period > 0) {
            long long left = start + (told + 1) * period - now();
            limit = left < 0 ? 0 : (int)left;
        }
        int ready = poll(fds, 2, limit);
        if (period > 0 && (now() - start) / period > told) {
            told = (now() - start) / period;
            dprintf(1, "tick %lld\n", told);
        }
        if (ready <= 0)
            continue;
        if (fds[0].revents)
            take_signals();
        if (fds[1].revents)
            take_input();
    }
    free(text);
    close(wake[0]);
    close(wake[1]);
    return 0;
}
