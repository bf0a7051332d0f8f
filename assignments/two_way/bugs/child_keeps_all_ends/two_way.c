#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Never returns: the child becomes the command, or ends. */
static void child(char *argv[], int in[2], int out[2])
{
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);

    execvp(argv[0], argv);
    int error = errno;
    fprintf(stderr, "two_way: %s: %s\n", argv[0], strerror(error));
    _exit(error == ENOENT ? 127 : 126);
}

/* Writes everything. Returns 0, or -1 if nobody reads it. */
static int write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, data, size);
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            return -1;
        data += n;
        size -= n;
    }
    return 0;
}

/* Copies in both directions until both are closed. */
static void talk(int to, int from)
{
    static char question[16384], answer[16384];
    size_t start = 0, end = 0;

    fcntl(to, F_SETFL, O_NONBLOCK);
    while (to != -1 || from != -1) {
        struct pollfd fds[3] = {
            {.fd = to != -1 && start == end ? STDIN_FILENO : -1, .events = POLLIN},
            {.fd = to, .events = start < end ? POLLOUT : 0},
            {.fd = from, .events = POLLIN},
        };
        if (poll(fds, 3, -1) == -1) {
            if (errno == EINTR)
                continue;
            perror("two_way: poll");
            exit(1);
        }

        if (fds[0].revents) {
            ssize_t n = read(STDIN_FILENO, question, sizeof question);
            if (n > 0) {
                start = 0;
                end = n;
            } else {
                close(to);
                to = -1;
            }
        }
        if (to != -1 && fds[1].revents) {
            ssize_t n = write(to, question + start, end - start);
            if (n >= 0) {
                start += n;
            } else if (errno != EAGAIN) {
                close(to);
                to = -1;
            }
            if (fds[1].revents & POLLERR && to != -1) {
                close(to);
                to = -1;
            }
        }
        if (fds[2].revents) {
            ssize_t n = read(from, answer, sizeof answer);
            if (n <= 0 || write_all(STDOUT_FILENO, answer, n) == -1) {
                close(from);
                from = -1;
            }
        }
    }
}

/* Waits for the filter. Returns its exit status, 128+n if signal n ended it. */
static int wait_for(pid_t pid)
{
    int status = 0;

    while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
        continue;
    if (WIFSIGNALED(status))
        return 128 + WTERMSIG(status);
    return WEXITSTATUS(status);
}

int main(int argc, char *argv[])
{
    int in[2], out[2];

    if (argc < 2) {
        fprintf(stderr, "usage: two_way command [args]\n");
        return 2;
    }

    if (pipe(in) == -1 || pipe(out) == -1) {
        perror("two_way: pipe");
        return 1;
    }
    pid_t pid = fork();
    if (pid == -1) {
        perror("two_way: fork");
        return 1;
    }
    if (pid == 0)
        child(argv + 1, in, out);
    close(in[0]);
    close(out[1]);

    signal(SIGPIPE, SIG_IGN);
    talk(in[1], out[0]);
    return wait_for(pid);
}
