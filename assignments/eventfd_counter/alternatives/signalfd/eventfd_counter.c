/*
 * eventfd_counter, with epoll over two descriptors: the counter, and a signalfd for SIGCHLD. Signals do not
 * queue, so one means no more than this: some child has ended, look whether it was the doorkeeper.
 */

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

static sigset_t before;

static void fail(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static int check(int result, const char *what)
{
    if (result == -1)
        fail(what);
    return result;
}

static void keep_door(int counter)
{
    char line[32];

    while (fgets(line, sizeof line, stdin)) {
        uint64_t count = strtoull(line, NULL, 10);

        if (write(counter, &count, sizeof count) == -1) {
            if (errno != EAGAIN)
                fail("write");
            fprintf(stderr, "turned away: %" PRIu64 "\n", count);
        }
    }
    exit(EXIT_SUCCESS);
}

static void herald(char **words, int n, char *number)
{
    char **argv = calloc((size_t)n + 2, sizeof *argv);

    if (argv == NULL)
        fail("calloc");
    memcpy(argv, words, (size_t)n * sizeof *argv);
    argv[n] = number;
    sigprocmask(SIG_SETMASK, &before, NULL);
    execvp(argv[0], argv);
    perror(argv[0]);
    _exit(127);
}

static void report(int counter, char **words, int n)
{
    uint64_t count;
    char number[32];

    if (read(counter, &count, sizeof count) != sizeof count)
        fail("read");
    int length = sprintf(number, "%" PRIu64, count);

    if (n == 0) {
        number[length] = '\n';
        if (write(STDOUT_FILENO, number, (size_t)length + 1) == -1)
            fail("write");
        return;
    }
    pid_t pid = check(fork(), "fork");
    if (pid == 0)
        herald(words, n, number);
    check(waitpid(pid, NULL, 0), "waitpid");
}

/* Waits until something is ready, for at most `timeout` milliseconds if that is not -1; whether `fd` is. */
static bool next_is(int epoll, int fd, int timeout)
{
    struct epoll_event events[2];
    int n = epoll_wait(epoll, events, 2, timeout);

    for (int i = 0; i < n; i++)
        if (events[i].data.fd == fd)
            return true;
    return false;
}

int main(int argc, char *argv[])
{
    const char *mode = argc > 1 ? argv[1] : "";
    bool one = !strcmp(mode, "one"), try = !strcmp(mode, "try");

    if (!one && !try && strcmp(mode, "sum")) {
        fputs("usage: eventfd_counter MODE [COMMAND [ARGUMENT...]]\n", stderr);
        return 2;
    }

    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, &before);

    int counter = check(eventfd(0, EFD_CLOEXEC | (one ? EFD_SEMAPHORE : 0) | (try ? EFD_NONBLOCK : 0)), "eventfd");
    int signals = check(signalfd(-1, &child, SFD_CLOEXEC), "signalfd");
    int epoll = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    for (int i = 0; i < 2; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = i == 0 ? counter : signals};
        check(epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event), "epoll_ctl");
    }

    pid_t doorkeeper = check(fork(), "fork");
    if (doorkeeper == 0)
        keep_door(counter);

    int status = 0;
    for (bool open = true; open;) {
        if (next_is(epoll, counter, -1)) {
            report(counter, argv + 2, argc - 2);
            continue;
        }
        struct signalfd_siginfo info;
        if (next_is(epoll, signals, 0) && read(signals, &info, sizeof info) == -1)
            fail("signalfd");
        if (waitpid(doorkeeper, &status, WNOHANG) == doorkeeper)
            open = false;
    }
    while (next_is(epoll, counter, 0)) /* posted between the last look and the end */
        report(counter, argv + 2, argc - 2);

    close(epoll);
    close(signals);
    close(counter);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    fputs("eventfd_counter: no news from the doorkeeper\n", stderr);
    return 1;
}
