/*
 * eventfd_counter - a doorkeeper counts, an office reports
 *
 *     ./eventfd_counter MODE [COMMAND [ARGUMENT...]]
 *
 * The doorkeeper, a child process, reads numbers from standard input and adds each to an eventfd. The
 * office, this process, reads the eventfd and reports each number it gets: as a line, or by running
 * COMMAND with the number as its last argument.
 *
 *     sum   a report is about all who came since the last one
 *     one   a report is about one of them
 *     try   like sum, but if the counter has no room the doorkeeper turns them away
 *
 * Exit status: 0 when the doorkeeper has ended with 0 and everything is reported, 2 for a usage error,
 * 1 if anything failed.
 */

#define _GNU_SOURCE /* pipe2 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    FAILED = 1,
    USAGE_ERROR = 2,
    NOT_EXECUTABLE = 126,
    NOT_FOUND = 127,
};

/* Adds `count` to the counter. Waits for room, unless the counter is one that does not wait. */
static bool post(int counter, uint64_t count)
{
    while (write(counter, &count, sizeof count) == -1) {
        if (errno == EAGAIN) {
            fprintf(stderr, "turned away: %" PRIu64 "\n", count);
            return true;
        }
        if (errno != EINTR) {
            perror("eventfd_counter: write");
            return false;
        }
    }
    return true;
}

/* The doorkeeper: posts every number on standard input, one for each line. Returns its exit status. */
static int keep_door(int counter)
{
    char *line = NULL;
    size_t size = 0;
    bool ok = true;

    while (ok && getline(&line, &size, stdin) != -1)
        ok = post(counter, strtoull(line, NULL, 10));
    free(line);
    return ok ? 0 : FAILED;
}

/* Waits for one child, and for no other. Returns its exit status, or -1. */
static int wait_for(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) == -1) {
        if (errno != EINTR) {
            perror("eventfd_counter: waitpid");
            return -1;
        }
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Runs a command with the number as its last argument, and waits until it has ended. Returns whether it was there. */
static bool run_command(char *command[], int words, const char *number)
{
    pid_t pid = fork();

    if (pid == -1) {
        perror("eventfd_counter: fork");
        return true;
    }
    if (pid == 0) {
        char *argv[words + 2];

        memcpy(argv, command, (size_t)words * sizeof *argv);
        argv[words] = (char *)number;
        argv[words + 1] = NULL;
        execvp(argv[0], argv);
        int status = errno == ENOENT ? NOT_FOUND : NOT_EXECUTABLE;
        fprintf(stderr, "eventfd_counter: %s: %s\n", argv[0], strerror(errno));
        _exit(status);
    }
    return wait_for(pid) != NOT_FOUND;
}

/* Takes one number from the counter, which has one, and reports it. */
static bool report(int counter, char *command[], int words)
{
    uint64_t count; /* read(2) from an eventfd gives eight bytes, and has nothing for a smaller buffer */
    char number[sizeof "18446744073709551615"];

    if (read(counter, &count, sizeof count) == -1) {
        perror("eventfd_counter: read");
        return false;
    }
    snprintf(number, sizeof number, "%" PRIu64, count);
    if (words > 0)
        return run_command(command, words, number);
    puts(number);
    return true;
}

/*
 * The office: reports until the doorkeeper has ended and the counter is empty.
 *
 * An eventfd has no end: a process that reads it waits, even if nobody is left who could write. So the
 * doorkeeper also holds the write end of a pipe, his lifeline. Nothing is ever written to it, but however
 * he ends, the kernel closes it, and the read end hangs up. The counter goes first: what was posted
 * before the end is still in it.
 */
static bool run_office(int counter, int lifeline, char *command[], int words)
{
    struct pollfd events[] = {
        {.fd = counter, .events = POLLIN},
        {.fd = lifeline, .events = POLLIN},
    };

    for (;;) {
        if (poll(events, 2, -1) == -1) {
            if (errno == EINTR)
                continue;
            perror("eventfd_counter: poll");
            return false;
        }
        if (events[0].revents & POLLIN) {
            if (!report(counter, command, words))
                return false;
        } else if (events[1].revents != 0) {
            return true;
        }
    }
}

/* Starts the doorkeeper and runs the office; returns the exit status. */
static int open_museum(int counter, char *command[], int words)
{
    int lifeline[2];

    if (pipe2(lifeline, O_CLOEXEC) == -1) {
        perror("eventfd_counter: pipe");
        return FAILED;
    }

    pid_t doorkeeper = fork();
    if (doorkeeper == 0) {
        close(lifeline[0]);
        exit(keep_door(counter)); /* nothing was printed yet, so there is no buffer to be written twice */
    }
    close(lifeline[1]); /* or it would never hang up */

    bool ok = false;
    if (doorkeeper == -1) {
        perror("eventfd_counter: fork");
    } else {
        ok = run_office(counter, lifeline[0], command, words);
        if (wait_for(doorkeeper) != 0) {
            fprintf(stderr, "eventfd_counter: the doorkeeper did not end well\n");
            ok = false;
        }
    }
    close(lifeline[0]);
    return ok ? 0 : FAILED;
}

/* The flags of eventfd(2) for a mode, or -1 if there is no such mode. */
static int flags_of(const char *mode)
{
    if (strcmp(mode, "sum") == 0)
        return EFD_CLOEXEC;
    if (strcmp(mode, "one") == 0)
        return EFD_CLOEXEC | EFD_SEMAPHORE;
    if (strcmp(mode, "try") == 0)
        return EFD_CLOEXEC | EFD_NONBLOCK;
    return -1;
}

int main(int argc, char *argv[])
{
    int flags = argc < 2 ? -1 : flags_of(argv[1]);

    if (flags == -1) {
        fprintf(stderr, "usage: eventfd_counter sum|one|try [COMMAND [ARGUMENT...]]\n");
        return USAGE_ERROR;
    }

    int counter = eventfd(0, flags);
    if (counter == -1) {
        perror("eventfd_counter: eventfd");
        return FAILED;
    }

    setvbuf(stdout, NULL, _IOLBF, 0); /* a report is out as soon as it is made, also into a pipe */
    int status = open_museum(counter, argv + 2, argc - 2);
    close(counter);
    return status;
}
