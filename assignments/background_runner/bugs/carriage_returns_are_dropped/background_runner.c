/*
 * background_runner - runs commands in the background and passes on, line by line, what they print
 *
 * Each line of standard input is a command for the shell. All that is printed says whose it is:
 *
 *     [1] RUN LOG: Process started! pid=4012
 *     [1] STDOUT: a line of its standard output
 *     [1] STDERR: a line of its standard error
 *     [1] RUN LOG: Process finished! exit_code=0
 *
 * Exit status: 0 if every command could be started and ended with 0, otherwise 1.
 */

#define _GNU_SOURCE /* pipe2, ppoll */

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
    SOME_FAILED = 1,
    CANNOT_EXECUTE = 127,
    ENDED_BY_SIGNAL = 128,
    READ_SIZE = 65536,
};

/* A descriptor that lines come from. What has been read but not been taken is bytes[start..end). */
struct reader {
    int fd; /* -1 from the end of the input on */
    char *bytes;
    size_t start, end, capacity;
};

enum { OUT, ERR, STREAMS };

static const char *const stream_names[STREAMS] = {"STDOUT", "STDERR"};

struct job {
    int number;
    pid_t pid;
    bool ended;
    int status; /* as waitpid gave it, valid once the process has ended */
    struct reader streams[STREAMS];
};

/* All jobs that are not finished. */
struct runner {
    struct job *jobs;
    size_t count, capacity;
    int last_number;
    bool all_well;
};

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "background_runner: %s: %s\n", what, strerror(errno));
    exit(SOME_FAILED);
}

static void *resized(void *block, size_t size)
{
    void *other = realloc(block, size);

    if (other == NULL)
        give_up("memory");
    return other;
}

/* Makes room for another read behind what has not been taken yet. */
static void make_room(struct reader *reader)
{
    if (reader->start > 0) {
        memmove(reader->bytes, reader->bytes + reader->start, reader->end - reader->start);
        reader->end -= reader->start;
        reader->start = 0;
    }
    if (reader->capacity - reader->end < READ_SIZE) {
        reader->capacity = 2 * reader->capacity + READ_SIZE;
        reader->bytes = resized(reader->bytes, reader->capacity);
    }
}

/* Reads once, whatever there is. At the end a pipe is closed; our standard input is not ours to close. */
static void fill(struct reader *reader)
{
    make_room(reader);
    ssize_t count = read(reader->fd, reader->bytes + reader->end, READ_SIZE);

    if (count > 0)
        reader->end += (size_t)count;
    if (count == 0 || (count == -1 && errno != EINTR && errno != EAGAIN)) {
        if (reader->fd > STDERR_FILENO)
            close(reader->fd);
        reader->fd = -1;
    }
}

/*
 * Takes the next line and returns it, without its newline, or NULL if there is no whole line yet.
 * At the end of the input what is left over is a line, too. The line is valid until the next fill.
 */
static char *take_line(struct reader *reader, size_t *length)
{
    if (reader->start == reader->end)
        return NULL;

    char *line = reader->bytes + reader->start;
    char *newline = memchr(line, '\n', reader->end - reader->start);

    if (newline != NULL) {
        *length = (size_t)(newline - line);
        reader->start += *length + 1;
        if (*length > 0 && newline[-1] == '\r')
            --*length;
        return line;
    }
    if (reader->fd != -1)
        return NULL;
    *length = reader->end - reader->start;
    reader->start = reader->end;
    return line;
}

/* Passes on every whole line that has come. */
static void print_lines(struct job *job, int stream)
{
    char *line;
    size_t length;

    while ((line = take_line(&job->streams[stream], &length)) != NULL) {
        printf("[%d] %s: ", job->number, stream_names[stream]);
        fwrite(line, 1, length, stdout); /* not %s: there may be zero bytes in it */
        putchar('\n');
    }
}

/* The child's part: becomes the shell that runs the command. */
static _Noreturn void become(const char *command, int out, int err, const sigset_t *awake)
{
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC); /* our lines of input are not for the command */

    if (nothing == -1 || dup2(nothing, STDIN_FILENO) == -1 || dup2(out, STDOUT_FILENO) == -1 ||
        dup2(err, STDERR_FILENO) == -1)
        _exit(CANNOT_EXECUTE);
    sigprocmask(SIG_SETMASK, awake, NULL); /* exec would keep what we have blocked */
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(CANNOT_EXECUTE);
}

/* Closes both ends of a pipe, if there is one, and leaves errno alone. */
static void close_pipe(const int ends[2])
{
    int error = errno;

    for (int i = 0; i < 2; i++) {
        if (ends[i] != -1)
            close(ends[i]);
    }
    errno = error;
}

/*
 * Starts the command; returns its pid, or -1 with errno set. `ours` get the read ends of its two pipes.
 *
 * O_CLOEXEC on all four ends: the command keeps just the copies that dup2 makes, and no later
 * command inherits what is ours. The write ends are closed here as soon as the child has them, for
 * a pipe is at its end only when nobody holds a write end any more.
 */
static pid_t start_process(const char *command, int ours[STREAMS], const sigset_t *awake)
{
    int out[2] = {-1, -1}, err[2] = {-1, -1};
    pid_t pid = -1;

    if (pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0)
        pid = fork();
    if (pid == 0)
        become(command, out[1], err[1], awake);
    if (pid == -1) {
        close_pipe(out);
        close_pipe(err);
        return -1;
    }
    close(out[1]);
    close(err[1]);
    ours[OUT] = out[0];
    ours[ERR] = err[0];
    return pid;
}

static void start_job(struct runner *runner, const char *command, const sigset_t *awake)
{
    int number = ++runner->last_number;
    int fds[STREAMS];
    pid_t pid = start_process(command, fds, awake);

    if (pid == -1) {
        printf("[%d] RUN LOG: Process not started! %s\n", number, strerror(errno));
        runner->all_well = false;
        return;
    }
    printf("[%d] RUN LOG: Process started! pid=%d\n", number, (int)pid);

    if (runner->count == runner->capacity) {
        runner->capacity = 2 * runner->capacity + 8;
        runner->jobs = resized(runner->jobs, runner->capacity * sizeof *runner->jobs);
    }
    runner->jobs[runner->count++] = (struct job){
        .number = number,
        .pid = pid,
        .streams = {[OUT] = {.fd = fds[OUT]}, [ERR] = {.fd = fds[ERR]}},
    };
}

/* Takes the status of every process that has ended by now. One SIGCHLD may stand for many of them. */
static void reap(struct runner *runner)
{
    pid_t pid;
    int status;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (size_t i = 0; i < runner->count; i++) {
            if (runner->jobs[i].pid == pid && !runner->jobs[i].ended) {
                runner->jobs[i].ended = true;
                runner->jobs[i].status = status;
            }
        }
    }
}

static int exit_code(int status)
{
    return WIFSIGNALED(status) ? ENDED_BY_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

/* A job is over when its process has ended and nothing more can come from either of its outputs. */
static bool is_over(const struct job *job)
{
    return job->ended && job->streams[OUT].fd == -1 && job->streams[ERR].fd == -1;
}

/* Reports the jobs that are over, and forgets them. */
static void finish_jobs(struct runner *runner)
{
    size_t kept = 0;

    for (size_t i = 0; i < runner->count; i++) {
        struct job *job = &runner->jobs[i];

        if (!is_over(job)) {
            runner->jobs[kept++] = *job;
            continue;
        }
        printf("[%d] RUN LOG: Process finished! exit_code=%d\n", job->number, exit_code(job->status));
        if (exit_code(job->status) != 0)
            runner->all_well = false;
        free(job->streams[OUT].bytes);
        free(job->streams[ERR].bytes);
    }
    runner->count = kept;
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t")] == '\0';
}

/* Starts a job for each whole line that has come. */
static void take_commands(struct runner *runner, struct reader *input, const sigset_t *awake)
{
    char *line;
    size_t length;

    while ((line = take_line(input, &length)) != NULL) {
        char *command = strndup(line, length);

        if (command == NULL)
            give_up("memory");
        if (!is_blank(command))
            start_job(runner, command, awake);
        free(command);
    }
}

/* What poll has to say of a descriptor that can be read, is at its end, or is out of order. */
static bool is_ready(const struct pollfd *polled)
{
    return polled->fd != -1 && polled->revents != 0;
}

/* Sleeps until there is something to read or a child has ended, then takes in what there is. */
static void attend(struct runner *runner, struct reader *input, const sigset_t *awake)
{
    nfds_t places = 1 + STREAMS * runner->count;
    struct pollfd *polled = resized(NULL, places * sizeof *polled);

    /* ppoll passes over an fd of -1, as it is after the end: it would be ready for ever. */
    polled[0] = (struct pollfd){.fd = input->fd, .events = POLLIN};
    for (size_t i = 1; i < places; i++)
        polled[i] = (struct pollfd){
            .fd = runner->jobs[(i - 1) / STREAMS].streams[(i - 1) % STREAMS].fd, .events = POLLIN};

    /* Nobody has to wait for what is in our buffer. SIGCHLD can come only while we sleep. */
    fflush(stdout);
    int ready = ppoll(polled, places, NULL, awake);
    if (ready == -1 && errno != EINTR)
        give_up("ppoll");

    for (size_t i = 1; ready > 0 && i < places; i++) {
        struct job *job = &runner->jobs[(i - 1) / STREAMS];
        int stream = (int)((i - 1) % STREAMS);

        if (is_ready(&polled[i])) {
            fill(&job->streams[stream]);
            print_lines(job, stream);
        }
    }
    reap(runner);
    finish_jobs(runner);
    if (ready > 0 && is_ready(&polled[0])) {
        fill(input);
        take_commands(runner, input, awake);
    }
    free(polled);
}

static void on_child(int signal)
{
    (void)signal; /* it is there to interrupt ppoll */
}

/* Blocks SIGCHLD but for ppoll. `awake` gets the signals that were blocked before. */
static void catch_child_signals(sigset_t *awake)
{
    struct sigaction action = {.sa_handler = on_child};
    sigset_t child;

    sigemptyset(&action.sa_mask);
    sigaction(SIGCHLD, &action, NULL);
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, awake);
    sigdelset(awake, SIGCHLD);
}

int main(void)
{
    struct runner runner = {.all_well = true};
    struct reader input = {.fd = STDIN_FILENO};
    sigset_t awake;

    catch_child_signals(&awake);
    while (input.fd != -1 || runner.count > 0)
        attend(&runner, &input, &awake);

    free(input.bytes);
    free(runner.jobs);
    return runner.all_well && fflush(stdout) == 0 ? EXIT_SUCCESS : SOME_FAILED;
}
