/*
 * background_runner without signals: the end of a process is one more descriptor to wait for (pidfd_open), beside
 * standard input and two socket pairs in place of pipes. Output goes out by write, whole lines at a time.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct job;

/* Whatever epoll tells of. `what`: 0 the standard input, 1 and 2 an output of a job, 3 its process. */
struct source {
    int what, fd;
    struct job *job;
    char *text;
    size_t length;
};

struct job {
    int number, open, code;
    pid_t pid;
    struct source sources[4];
};

static int epoll, jobs, last_number, exit_status;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void write_all(const char *text, size_t length)
{
    while (length > 0) {
        ssize_t n = write(STDOUT_FILENO, text, length);
        if (n == -1 && errno != EINTR)
            die("write");
        if (n > 0) {
            text += n;
            length -= (size_t)n;
        }
    }
}

static void say(int number, const char *kind, const char *text, size_t length)
{
    char *line = malloc(length + 64);
    if (line == NULL)
        die("malloc");
    int head = sprintf(line, "[%d] %s: ", number, kind);
    memcpy(line + head, text, length);
    line[(size_t)head + length] = '\n';
    write_all(line, (size_t)head + length + 1);
    free(line);
}

static void run_log(int number, const char *what, long value)
{
    char text[80];
    int length = snprintf(text, sizeof text, "%s%ld", what, value);
    say(number, "RUN LOG", text, (size_t)length);
}

static void watch(struct source *source)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = source};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, source->fd, &event) == -1)
        die("epoll_ctl");
}

static void start(char *command)
{
    struct job *job = calloc(1, sizeof *job);
    int pairs[2][2] = {{-1, -1}, {-1, -1}};

    if (job == NULL)
        die("calloc");
    job->number = ++last_number;
    job->pid = -1;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pairs[0]) == 0 &&
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pairs[1]) == 0)
        job->pid = fork();
    if (job->pid == -1) {
        char text[200];
        int length = snprintf(text, sizeof text, "Process not started! %s", strerror(errno));
        say(job->number, "RUN LOG", text, (size_t)length);
        for (int i = 0; i < 4; i++)
            if (pairs[i / 2][i % 2] != -1)
                close(pairs[i / 2][i % 2]);
        free(job);
        exit_status = 1;
        return;
    }
    if (job->pid == 0) {
        close(STDIN_FILENO);
        if (open("/dev/null", O_RDONLY) == STDIN_FILENO && dup2(pairs[0][1], 1) == 1 && dup2(pairs[1][1], 2) == 2)
            execlp("sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    run_log(job->number, "Process started! pid=", job->pid);
    jobs++;
    job->open = 3;
    for (int i = 1; i <= 3; i++) {
        struct source *source = &job->sources[i];
        *source = (struct source){.what = i, .job = job};
        if (i < 3)
            close(pairs[i - 1][1]);
        source->fd = i < 3 ? pairs[i - 1][0] : pidfd_open(job->pid, 0);
        if (source->fd == -1)
            die("pidfd_open");
        watch(source);
    }
}

static void line(struct source *source, char *text, size_t length)
{
    if (source->what != 0) {
        say(source->job->number, source->what == 1 ? "STDOUT" : "STDERR", text, length);
        return;
    }
    char *command = strndup(text, length);
    if (command == NULL)
        die("strndup");
    if (strspn(command, " \t") != strlen(command))
        start(command);
    free(command);
}

/* Returns 0 when the source has come to its end. */
static int take(struct source *source)
{
    if (source->what == 3) {
        siginfo_t info = {0};
        if (waitid(P_PID, (id_t)source->job->pid, &info, WEXITED) == -1)
            die("waitid");
        source->job->code = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
        return 0;
    }
    char bytes[1000];
    ssize_t n = read(source->fd, bytes, sizeof bytes);
    if (n == -1 && errno == EINTR)
        return 1;
    if (n <= 0) {
        if (source->length > 0)
            line(source, source->text, source->length);
        free(source->text);
        return 0;
    }
    source->text = realloc(source->text, source->length + (size_t)n);
    if (source->text == NULL)
        die("realloc");
    memcpy(source->text + source->length, bytes, (size_t)n);
    size_t looked_at = source->length, begin = 0;
    source->length += (size_t)n;
    for (size_t i = looked_at; i < source->length; i++) {
        if (source->text[i] == '\n') {
            line(source, source->text + begin, i - begin);
            begin = i + 1;
        }
    }
    source->length -= begin;
    memmove(source->text, source->text + begin, source->length);
    return 1;
}

int main(void)
{
    struct source input = {.what = 0, .fd = STDIN_FILENO};
    int listening = 1;

    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll == -1)
        die("epoll_create1");
    watch(&input);
    while (listening || jobs > 0) {
        struct epoll_event event;
        if (epoll_wait(epoll, &event, 1, -1) != 1)
            continue;
        struct source *source = event.data.ptr;
        if (take(source))
            continue;
        epoll_ctl(epoll, EPOLL_CTL_DEL, source->fd, NULL);
        if (source->what == 0) {
            listening = 0;
            continue;
        }
        close(source->fd);
        if (--source->job->open == 0) {
            run_log(source->job->number, "Process finished! exit_code=", source->job->code);
            exit_status |= source->job->code != 0;
            free(source->job);
            jobs--;
        }
    }
    return exit_status;
}
