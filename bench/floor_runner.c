/*
 * The least that running a list of commands can cost: reads the list from a file, runs one after the other with its
 * standard input, reads what it prints, and prints its exit status (128 + n for signal n).
 *
 * The list is, for each command, two native 32-bit numbers (how many arguments, how many bytes of input), the
 * arguments each with its final zero byte, and the input.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_ARGUMENTS = 256, PATIENCE_MS = 10000 };

static void die(const char *what)
{
    perror(what);
    exit(2);
}

static char *read_whole(const char *path, size_t *size)
{
    struct stat status;
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &status) < 0)
        die(path);
    *size = (size_t)status.st_size;
    char *data = malloc(*size);
    if (data == NULL || read(fd, data, *size) != (ssize_t)*size)
        die(path);
    close(fd);
    return data;
}

/* Gives the input and takes the output until the program's outputs are closed; false if that takes too long. */
static int converse(int in, int out, int err, const char *input, size_t left)
{
    struct pollfd ends[] = {
        { .fd = out, .events = POLLIN },
        { .fd = err, .events = POLLIN },
        { .fd = in, .events = POLLOUT },
    };
    char buffer[1 << 16];

    while (ends[0].fd >= 0 || ends[1].fd >= 0) {
        if (ends[2].fd >= 0 && left == 0) {
            close(in);
            ends[2].fd = -1;
        }
        int ready = poll(ends, 3, PATIENCE_MS);
        if (ready < 0 && errno != EINTR)
            die("poll");
        if (ready == 0)
            return 0;
        for (int i = 0; i < 2; i++) {
            if (ends[i].revents != 0 && read(ends[i].fd, buffer, sizeof buffer) <= 0) {
                close(ends[i].fd);
                ends[i].fd = -1;
            }
        }
        if (ends[2].revents != 0) {
            ssize_t written = write(in, input, left);
            if (written < 0 && errno != EAGAIN) {
                left = 0; /* nobody reads any more */
            } else if (written > 0) {
                input += written;
                left -= (size_t)written;
            }
        }
    }
    if (ends[2].fd >= 0)
        close(in);
    return 1;
}

static int run(char *argv[], const char *input, size_t input_size)
{
    int in[2], out[2], err[2], status;
    if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
        die("pipe2");
    pid_t pid = fork();
    if (pid < 0)
        die("fork");
    if (pid == 0) {
        setsid();
        dup2(in[0], 0);
        dup2(out[1], 1);
        dup2(err[1], 2);
        signal(SIGPIPE, SIG_DFL);
        execv(argv[0], argv);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    close(err[1]);
    fcntl(in[1], F_SETFL, O_NONBLOCK);
    if (!converse(in[1], out[0], err[0], input, input_size))
        kill(-pid, SIGKILL);
    if (waitpid(pid, &status, 0) < 0)
        die("waitpid");
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char *argv[])
{
    if (argc != 2)
        return 2;
    size_t size;
    char *list = read_whole(argv[1], &size);
    char *arguments[MOST_ARGUMENTS + 1];

    signal(SIGPIPE, SIG_IGN);
    for (char *place = list; place < list + size;) {
        uint32_t count, input_size;
        memcpy(&count, place, sizeof count);
        memcpy(&input_size, place + sizeof count, sizeof input_size);
        place += sizeof count + sizeof input_size;
        if (count > MOST_ARGUMENTS)
            return 2;
        for (uint32_t i = 0; i < count; i++) {
            arguments[i] = place;
            place += strlen(place) + 1;
        }
        arguments[count] = NULL;
        printf("%d\n", run(arguments, place, input_size));
        fflush(stdout);
        place += input_size;
    }
    return 0;
}
