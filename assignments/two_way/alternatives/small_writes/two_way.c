/*
 * two_way with posix_spawn, and without a non-blocking descriptor: a pipe that poll calls writable takes at
 * least PIPE_BUF bytes without blocking. Input is read ahead into a ring, so that reading and feeding overlap.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define RING 32768u

static char ring[RING];
static unsigned head, tail; /* both only grow; tail - head bytes are waiting */

static int spawn(char **argv, pid_t *pid, int *to, int *from)
{
    int down[2], up[2];

    if (pipe2(down, O_CLOEXEC) != 0 || pipe2(up, O_CLOEXEC) != 0) {
        perror("two_way: pipe2");
        return 1;
    }

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, down[0], 0);
    posix_spawn_file_actions_adddup2(&actions, up[1], 1);
    int error = posix_spawnp(pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(down[0]);
    close(up[1]);
    *to = down[1];
    *from = up[0];
    if (error == 0)
        return 0;

    fprintf(stderr, "two_way: %s: %s\n", argv[0], strerror(error));
    return error == ENOENT ? 127 : error == EACCES || error == ENOEXEC ? 126 : 1;
}

static int print(const char *bytes, ssize_t count)
{
    while (count > 0) {
        ssize_t done = write(1, bytes, (size_t)count);
        if (done < 0)
            return -1;
        bytes += done;
        count -= done;
    }
    return 0;
}

static void talk(int to, int from)
{
    int input_over = 0;

    while (to >= 0 || from >= 0) {
        unsigned waiting = tail - head;
        if (to >= 0 && input_over && waiting == 0) {
            close(to);
            to = -1;
            continue;
        }
        struct pollfd polled[3] = {
            {.fd = to >= 0 && !input_over && waiting < RING ? 0 : -1, .events = POLLIN},
            {.fd = to, .events = waiting > 0 ? POLLOUT : 0},
            {.fd = from, .events = POLLIN},
        };
        poll(polled, 3, -1);

        if (polled[0].revents) {
            unsigned at = tail % RING, room = RING - waiting, straight = RING - at;
            ssize_t n = read(0, ring + at, room < straight ? room : straight);
            if (n > 0)
                tail += (unsigned)n;
            else
                input_over = 1;
        }
        if (polled[1].revents & POLLERR) {
            close(to);
            to = -1;
        } else if (polled[1].revents & POLLOUT) {
            unsigned at = head % RING, straight = RING - at, most = waiting < PIPE_BUF ? waiting : PIPE_BUF;
            ssize_t n = write(to, ring + at, most < straight ? most : straight);
            if (n > 0)
                head += (unsigned)n;
        }
        if (polled[2].revents) {
            char answer[4096];
            ssize_t n = read(from, answer, sizeof answer);
            if (n <= 0 || print(answer, n) < 0) {
                close(from);
                from = -1;
            }
        }
    }
}

int main(int argc, char **argv)
{
    pid_t pid;
    int to, from, status;

    if (argc < 2)
        return fprintf(stderr, "usage: %s COMMAND [ARGUMENT...]\n", argv[0]), 2;
    if ((status = spawn(argv + 1, &pid, &to, &from)) != 0)
        return status;

    signal(SIGPIPE, SIG_IGN);
    talk(to, from);
    waitpid(pid, &status, 0);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
