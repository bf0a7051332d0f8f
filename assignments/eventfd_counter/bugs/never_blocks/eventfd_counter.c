#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

static int counter;

static void doorkeeper(void)
{
    char line[64];

    while (fgets(line, sizeof line, stdin) != NULL) {
        uint64_t count = strtoull(line, NULL, 10);

        if (write(counter, &count, sizeof count) == -1) {
            if (errno == EAGAIN) {
                fprintf(stderr, "turned away: %" PRIu64 "\n", count);
            } else {
                perror("doorkeeper: write");
                exit(1);
            }
        }
    }
    exit(0);
}

static void announce(char *words[], int n, uint64_t count)
{
    char number[32];

    sprintf(number, "%" PRIu64, count);
    if (n == 0) {
        printf("%s\n", number);
        fflush(stdout);
        return;
    }

    pid_t pid = fork();
    if (pid == -1) {
        perror("fork");
        return;
    }
    if (pid == 0) {
        char **argv = calloc(n + 2, sizeof *argv);
        for (int i = 0; i < n; i++)
            argv[i] = words[i];
        argv[n] = number;
        execvp(argv[0], argv);
        perror(argv[0]);
        _exit(127);
    }
    waitpid(pid, NULL, 0);
}

static int office(int door, char *words[], int n)
{
    struct pollfd fds[2] = {{.fd = counter, .events = POLLIN}, {.fd = door, .events = POLLIN}};

    for (;;) {
        if (poll(fds, 2, -1) == -1) {
            if (errno == EINTR)
                continue;
            perror("poll");
            return 1;
        }
        if (fds[0].revents & POLLIN) {
            uint64_t count;
            if (read(counter, &count, sizeof count) == -1) {
                perror("read");
                return 1;
            }
            announce(words, n, count);
        } else if (fds[1].revents & POLLHUP) {
            return 0;
        }
    }
}

int main(int argc, char *argv[])
{
    int flags = EFD_CLOEXEC | EFD_NONBLOCK;

    if (argc >= 2 && strcmp(argv[1], "one") == 0) {
        flags |= EFD_SEMAPHORE;
    } else if (argc >= 2 && strcmp(argv[1], "try") == 0) {
        flags |= EFD_NONBLOCK;
    } else if (argc < 2 || strcmp(argv[1], "sum") != 0) {
        fprintf(stderr, "usage: eventfd_counter sum|one|try [COMMAND [ARGUMENT...]]\n");
        return 2;
    }

    counter = eventfd(0, flags);
    if (counter == -1) {
        perror("eventfd");
        return 1;
    }

    int door[2];
    if (pipe2(door, O_CLOEXEC) == -1) {
        perror("pipe");
        return 1;
    }

    pid_t pid = fork();
    if (pid == -1) {
        perror("fork");
        return 1;
    }
    if (pid == 0) {
        close(door[0]);
        doorkeeper();
    }
    close(door[1]);

    int result = office(door[0], argv + 2, argc - 2);

    int status;
    waitpid(pid, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "eventfd_counter: something has happened to the doorkeeper\n");
        result = 1;
    }
    close(door[0]);
    close(counter);
    return result;
}
