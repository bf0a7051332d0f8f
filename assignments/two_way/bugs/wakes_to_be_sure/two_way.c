/*
 * two_way - starts a command as a filter, feeds it our input and prints what it answers
 *
 *     ./two_way COMMAND [ARGUMENT...]
 *
 * Exit status: that of the command (128+n if signal n ended it), 2 for a usage error,
 * 1 if the conversation could not be set up.
 */

#define _GNU_SOURCE /* pipe2 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    SETUP_FAILED = 1,
    USAGE_ERROR = 2,
    NOT_EXECUTABLE = 126,
    NOT_FOUND = 127,
    ENDED_BY_SIGNAL = 128,
};

enum { CLOSED = -1 }; /* poll(2) passes over a negative descriptor */

/* The filter, seen from here: whom to wait for, where to write to, where to read from. */
struct filter {
    pid_t pid;
    int input;
    int output;
};

/* What was read and is still to be written: the bytes from `start` up to `end`. */
struct buffer {
    char bytes[64 * 1024];
    size_t start;
    size_t end;
};

static void close_end(int *fd)
{
    if (*fd != CLOSED)
        close(*fd);
    *fd = CLOSED;
}

/* The child's part: becomes the command, or ends with the status that says why it could not. */
static _Noreturn void become(char *argv[], int in, int out)
{
    /* The copies that dup2 makes are without O_CLOEXEC; everything else of the pipes is closed by exec. */
    if (dup2(in, STDIN_FILENO) == -1 || dup2(out, STDOUT_FILENO) == -1) {
        perror("two_way: dup2");
        _exit(SETUP_FAILED);
    }
    execvp(argv[0], argv);

    int status = errno == ENOENT ? NOT_FOUND : NOT_EXECUTABLE;
    fprintf(stderr, "two_way: %s: %s\n", argv[0], strerror(errno));
    _exit(status);
}

/*
 * Starts the filter between two pipes. Of each pipe we keep one end: if we kept the read end of its
 * input, we would never learn that it has stopped reading; if we kept the write end of its output,
 * we would wait for an end of file that only we could cause.
 */
static bool start_filter(char *argv[], struct filter *filter)
{
    int in[2] = {CLOSED, CLOSED};
    int out[2] = {CLOSED, CLOSED};

    filter->pid = -1;
    if (pipe2(in, O_CLOEXEC) == -1 || pipe2(out, O_CLOEXEC) == -1) {
        perror("two_way: pipe");
    } else if ((filter->pid = fork()) == -1) {
        perror("two_way: fork");
    } else if (filter->pid == 0) {
        become(argv, in[0], out[1]);
    }

    close_end(&in[0]);
    close_end(&out[1]);
    if (filter->pid == -1) {
        close_end(&in[1]);
        close_end(&out[0]);
    }
    filter->input = in[1];
    filter->output = out[0];
    return filter->pid != -1;
}

/* Writes all of it, however little a single write takes. Returns whether it could. */
static bool write_all(int fd, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t written = write(fd, bytes, count);

        if (written == -1 && errno != EINTR)
            return false;
        if (written > 0) {
            bytes += written;
            count -= (size_t)written;
        }
    }
    return true;
}

/* Takes the next piece of our own input; at its end the filter gets its end of file, too. */
static void read_own_input(struct filter *filter, struct buffer *pending)
{
    ssize_t count = read(STDIN_FILENO, pending->bytes, sizeof pending->bytes);

    if (count > 0) {
        pending->start = 0;
        pending->end = (size_t)count;
    } else if (count == 0 || errno != EINTR) {
        close_end(&filter->input);
    }
}

/* Gives the filter as much as its pipe takes now, which may be less than there is. */
static void feed(struct filter *filter, struct buffer *pending)
{
    ssize_t count = write(filter->input, pending->bytes + pending->start, pending->end - pending->start);

    if (count > 0)
        pending->start += (size_t)count;
    else if (count == -1 && errno != EAGAIN && errno != EINTR)
        close_end(&filter->input); /* EPIPE: it reads no more, and that is its good right */
}

/* Hands on what the filter has printed. If nobody wants it, the filter has to learn that. */
static void print_answer(struct filter *filter)
{
    static char bytes[64 * 1024];
    ssize_t count = read(filter->output, bytes, sizeof bytes);

    if (count > 0) {
        if (!write_all(STDOUT_FILENO, bytes, (size_t)count))
            close_end(&filter->output);
    } else if (count == 0 || errno != EINTR) {
        close_end(&filter->output);
    }
}

/*
 * Talks with the filter until both pipes are closed.
 *
 * The one place where we sleep is poll, and there we wait for everything that may happen: neither
 * reading nor feeding can then keep the other from going on. For that, feeding must not block, so our
 * end of that pipe is non-blocking. (Our standard input is not: it is not ours alone.)
 *
 * We read our input only when the last piece has been handed on. So at most one piece is ever stored,
 * and when the end of our input comes, the filter has had everything before it.
 */
static void converse(struct filter *filter)
{
    static struct buffer pending;

    fcntl(filter->input, F_SETFL, O_NONBLOCK);
    while (filter->input != CLOSED || filter->output != CLOSED) {
        bool feeding = pending.start < pending.end;
        bool listening = filter->input != CLOSED && !feeding;
        struct pollfd own_input = {.fd = listening ? STDIN_FILENO : CLOSED, .events = POLLIN};
        struct pollfd to_filter = {.fd = filter->input, .events = feeding ? POLLOUT : 0};
        struct pollfd from_filter = {.fd = filter->output, .events = POLLIN};
        struct pollfd fds[] = {own_input, to_filter, from_filter};

        if (poll(fds, 3, 100) == -1)
            continue; /* EINTR */
        if (fds[1].revents & POLLERR) /* the last reader is gone; poll tells that even if not asked */
            close_end(&filter->input);
        else if (fds[1].revents & POLLOUT)
            feed(filter, &pending);
        else if (fds[0].revents != 0)
            read_own_input(filter, &pending);
        if (fds[2].revents != 0)
            print_answer(filter);
    }
}

/* Waits for the filter and returns its status as a shell counts it. */
static int wait_for(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) == -1) {
        if (errno != EINTR) {
            perror("two_way: waitpid");
            return SETUP_FAILED;
        }
    }
    return WIFSIGNALED(status) ? ENDED_BY_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char *argv[])
{
    struct filter filter;

    if (argc < 2) {
        fprintf(stderr, "usage: two_way COMMAND [ARGUMENT...]\n");
        return USAGE_ERROR;
    }
    if (!start_filter(argv + 1, &filter))
        return SETUP_FAILED;

    /* Only now: what is ignored before fork is ignored in the child, and stays so across exec. */
    signal(SIGPIPE, SIG_IGN);
    converse(&filter);
    return wait_for(filter.pid);
}
