/*
 * pipe_rules - shows the four rules of pipes, one at a time
 *
 *     ./pipe_rules eof COMMAND [ARGUMENT...]      end of file comes when the last write end is closed
 *     ./pipe_rules empty                          who reads from an empty pipe waits
 *     ./pipe_rules sigpipe COMMAND [ARGUMENT...]  who writes when the last read end is closed gets SIGPIPE
 *     ./pipe_rules full [SIZE]                    who writes to a full pipe waits
 *
 * Exit status: 0 if the rule was shown, 1 if a system call failed, 2 for a usage error.
 */

#define _GNU_SOURCE /* pipe2, F_SETPIPE_SZ */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    CALL_FAILED = 1,
    USAGE_ERROR = 2,
    NOT_EXECUTABLE = 126,
    NOT_FOUND = 127,
};

/* The two descriptors that pipe2 gives, by what they are for. */
struct ends {
    int read;
    int write;
};

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "pipe_rules: %s: %s\n", what, strerror(errno));
    exit(CALL_FAILED);
}

/*
 * Close-on-exec keeps both ends out of the commands that we start; dup2 makes the copy that they are
 * meant to have. A child that executes nothing has to close what it has no use for by itself.
 */
static struct ends make_pipe(void)
{
    int fd[2];

    if (pipe2(fd, O_CLOEXEC) == -1)
        fail("pipe");
    return (struct ends){.read = fd[0], .write = fd[1]};
}

static pid_t fork_child(void)
{
    pid_t pid = fork();

    if (pid == -1)
        fail("fork");
    return pid;
}

/* Waits for a child and returns its status as the kernel codes it. */
static int wait_for(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) == -1) {
        if (errno != EINTR)
            fail("waitpid");
    }
    return status;
}

/* read that is not disturbed by signals. */
static size_t read_some(int fd, char *bytes, size_t size)
{
    ssize_t count;

    do
        count = read(fd, bytes, size);
    while (count == -1 && errno == EINTR);
    if (count == -1)
        fail("read");
    return (size_t)count;
}

/* Writes all of it, however little a single write takes. */
static void write_all(int fd, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t written = write(fd, bytes, count);

        if (written == -1 && errno != EINTR)
            fail("write");
        if (written > 0) {
            bytes += written;
            count -= (size_t)written;
        }
    }
}

/* Reads until every write end is closed, and returns how many bytes came. */
static unsigned long count_to_end(int fd)
{
    static char bytes[64 * 1024];
    unsigned long total = 0;
    size_t count;

    while ((count = read_some(fd, bytes, sizeof bytes)) > 0)
        total += count;
    return total;
}

/* Starts a command that has `pipe_end` as its descriptor `number`. */
static pid_t start(char *argv[], int pipe_end, int number)
{
    pid_t pid = fork_child();

    if (pid != 0)
        return pid;

    if (dup2(pipe_end, number) == -1)
        fail("dup2");
    execvp(argv[0], argv);

    int status = errno == ENOENT ? NOT_FOUND : NOT_EXECUTABLE;
    fprintf(stderr, "pipe_rules: %s: %s\n", argv[0], strerror(errno));
    _exit(status);
}

/* Rule 1: the end of the file has nothing to do with the end of a process, only with that of its descriptors. */
static void show_eof(char *argv[])
{
    struct ends ends = make_pipe();
    pid_t command = start(argv, ends.write, STDOUT_FILENO);

    close(ends.write); /* ours is a write end like any other */
    printf("end of file after %lu bytes\n", count_to_end(ends.read));
    close(ends.read);
    wait_for(command);
}

/* The child's part of rule 2: reads, and says what each read has returned. */
static _Noreturn void be_reader(int fd)
{
    char bytes[4096];
    size_t count;

    while ((count = read_some(fd, bytes, sizeof bytes)) > 0)
        printf("read %zu\n", count);
    printf("end of file\n");
    exit(EXIT_SUCCESS);
}

/* Rule 2: a read waits until there is something, not until there is all that it could take. */
static void show_empty(void)
{
    struct ends ends = make_pipe();
    pid_t reader = fork_child();

    if (reader == 0) {
        close(ends.write); /* or the reader would wait for an end of file that only it could cause */
        be_reader(ends.read);
    }
    close(ends.read);
    printf("reader %d\n", (int)reader);

    char bytes[4096];
    size_t count;

    while ((count = read_some(STDIN_FILENO, bytes, sizeof bytes)) > 0)
        write_all(ends.write, bytes, count);
    close(ends.write);
    wait_for(reader);
}

/* The child's part of rule 3: writes until it dies of it. */
static _Noreturn void be_writer(int fd)
{
    static const char bytes[4096];

    for (;;)
        write_all(fd, bytes, sizeof bytes);
}

/* Rule 3: what the writer dies of is in its wait status, in the seven lowest bits. */
static void show_sigpipe(char *argv[])
{
    struct ends ends = make_pipe();
    pid_t command = start(argv, ends.read, STDIN_FILENO);
    pid_t writer = fork_child();

    if (writer == 0) {
        close(ends.read); /* as long as the writer itself could read, it would never get the signal */
        be_writer(ends.write);
    }
    close(ends.read);
    close(ends.write);
    printf("writer %d\n", (int)writer);
    wait_for(writer);
    printf("wait status %d\n", SIGPIPE);
    wait_for(command);
}

static void set_nonblocking(int fd, int on)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags == -1 || fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK) == -1)
        fail("fcntl");
}

/*
 * Fills a pipe and returns how many bytes it took. One at a time, because a pipe holds pages: a piece of
 * up to PIPE_BUF bytes stays in one piece, and is put into a new page if the last one has no room for it.
 */
static unsigned long fill(int fd)
{
    unsigned long count = 0;

    set_nonblocking(fd, 1);
    for (;;) {
        if (write(fd, "x", 1) == 1)
            count++;
        else if (errno == EAGAIN)
            break;
        else if (errno != EINTR)
            fail("write");
    }
    set_nonblocking(fd, 0);
    return count;
}

/* Rule 4: one byte more than the pipe holds, and the writer waits until somebody reads. */
static void show_full(int size)
{
    struct ends ends = make_pipe();

    if (size > 0 && fcntl(ends.write, F_SETPIPE_SZ, size) == -1)
        fail("F_SETPIPE_SZ");
    printf("capacity %lu\n", fill(ends.write));

    pid_t writer = fork_child();

    if (writer == 0) {
        close(ends.read);
        write_all(ends.write, "x", 1);
        _exit(EXIT_SUCCESS);
    }
    close(ends.write);
    printf("writer %d\n", (int)writer);

    char line[256];

    (void)read_some(STDIN_FILENO, line, sizeof line); /* Enter; the end of the input will do as well */
    printf("read %lu\n", count_to_end(ends.read));
    wait_for(writer);
}

/* Returns the number that is all of `text`, or 0 if that is no size of a pipe. */
static int parse_size(const char *text)
{
    char *end;

    errno = 0;
    long size = strtol(text, &end, 10);
    return end == text || *end != '\0' || errno != 0 || size < 1 || size > INT_MAX ? 0 : (int)size;
}

static _Noreturn void usage(void)
{
    fprintf(stderr, "usage: pipe_rules eof COMMAND [ARGUMENT...]\n"
                    "       pipe_rules empty\n"
                    "       pipe_rules sigpipe COMMAND [ARGUMENT...]\n"
                    "       pipe_rules full [SIZE]\n");
    exit(USAGE_ERROR);
}

int main(int argc, char *argv[])
{
    const char *rule = argc > 1 ? argv[1] : "";

    /* What is printed has to be out at once, and before fork could copy what waits in the buffer. */
    setvbuf(stdout, NULL, _IOLBF, 0);

    if (strcmp(rule, "eof") == 0 && argc > 2)
        show_eof(argv + 2);
    else if (strcmp(rule, "empty") == 0 && argc == 2)
        show_empty();
    else if (strcmp(rule, "sigpipe") == 0 && argc > 2)
        show_sigpipe(argv + 2);
    else if (strcmp(rule, "full") == 0 && argc == 2)
        show_full(0);
    else if (strcmp(rule, "full") == 0 && argc == 3 && parse_size(argv[2]) > 0)
        show_full(parse_size(argv[2]));
    else
        usage();
    return EXIT_SUCCESS;
}
