/*
 * mini_shell by posix_spawn: process group, terminal, signals and redirections of a command are written down before
 * it starts. It reads its input byte by byte, operators need no blanks, and it tells of ended jobs at once.
 */
#define _GNU_SOURCE

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { MAX = 128 };

struct stage {
    char *argv[MAX];
    int argc;
    char *in, *out;
    int out_flags;
    pid_t pid; /* 0 if there is no process */
    bool ended, stopped;
    int code;
};

struct job {
    int number, count;
    pid_t group;
    bool dropped;
    char *text;
    char *words;
    struct stage *stages;
};

static struct job *table[MAX]; /* by number */
static bool terminal;
static int status;
static int news = -1; /* signalfd for SIGCHLD */
static sigset_t original;

static void say(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));

#include <stdarg.h>

static void say(int fd, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vdprintf(fd, format, arguments);
    va_end(arguments);
}

static const char *state(const struct job *job)
{
    const char *found = "done";
    for (int i = 0; i < job->count; i++) {
        if (job->stages[i].pid == 0 || job->stages[i].ended)
            continue;
        if (!job->stages[i].stopped)
            return "running";
        found = "stopped";
    }
    return found;
}

static bool is(const struct job *job, const char *name)
{
    return strcmp(state(job), name) == 0;
}

static void drop(struct job *job)
{
    table[job->number] = NULL;
    free(job->text);
    free(job->words);
    free(job->stages);
    free(job);
}

/* Takes what has happened to children; waits for it if `flags` is 0. */
static bool take(int flags)
{
    siginfo_t info = {0};

    if (waitid(P_ALL, 0, &info, WEXITED | WSTOPPED | WCONTINUED | flags) == -1)
        return errno == EINTR;
    if (info.si_pid == 0)
        return false;
    for (int n = 1; n < MAX; n++) {
        for (int i = 0; table[n] != NULL && i < table[n]->count; i++) {
            struct stage *stage = &table[n]->stages[i];
            if (stage->pid != info.si_pid || stage->ended)
                continue;
            stage->stopped = info.si_code == CLD_STOPPED;
            stage->ended = !stage->stopped && info.si_code != CLD_CONTINUED;
            stage->code = info.si_status + (info.si_code == CLD_EXITED ? 0 : 128);
        }
    }
    return true;
}

static void tell_of_ended(void)
{
    while (take(WNOHANG))
        continue;
    for (int n = 1; n < MAX; n++) {
        if (table[n] == NULL || !is(table[n], "done"))
            continue;
        if (terminal)
            say(2, "[%d] done %s\n", n, table[n]->text);
        drop(table[n]);
    }
}

static void foreground(struct job *job)
{
    while (is(job, "running") && take(0))
        continue;
    if (terminal)
        tcsetpgrp(0, getpgrp());
    status = job->stages[job->count - 1].code;
    for (int i = 0; i < job->count; i++)
        if (job->stages[i].stopped)
            status = job->stages[i].code;
    if (is(job, "stopped") && terminal)
        say(2, "\n[%d] stopped %s\n", job->number, job->text);
    if (is(job, "done"))
        drop(job);
}

/* Returns 0, or the error if nothing more can be started. */
static int spawn(struct job *job, struct stage *stage, int in, int out, bool background)
{
    int files[2] = {-1, -1}, error = 0;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t defaults;

    if (stage->in != NULL)
        in = files[0] = open(stage->in, O_RDONLY | O_CLOEXEC);
    if (stage->in != NULL && files[0] == -1) {
        say(2, "%s: %s\n", stage->in, strerror(errno));
        stage->code = 1;
        return 0;
    }
    if (stage->out != NULL)
        out = files[1] = open(stage->out, O_WRONLY | O_CREAT | O_CLOEXEC | stage->out_flags, 0666);
    if (stage->out != NULL && files[1] == -1) {
        say(2, "%s: %s\n", stage->out, strerror(errno));
        stage->code = 1;
    } else {
        posix_spawn_file_actions_init(&actions);
        posix_spawnattr_init(&attributes);
        sigemptyset(&defaults);
        for (int i = 0; i < 5; i++)
            sigaddset(&defaults, (int[]){SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU}[i]);
        posix_spawnattr_setsigdefault(&attributes, &defaults);
        posix_spawnattr_setsigmask(&attributes, &original);
        posix_spawnattr_setpgroup(&attributes, job->group);
        posix_spawnattr_setflags(&attributes, (short)(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
                                                      (terminal ? POSIX_SPAWN_SETPGROUP : 0)));
        if (terminal && !background)
            posix_spawn_file_actions_addtcsetpgrp_np(&actions, 0);
        posix_spawn_file_actions_adddup2(&actions, in, 0);
        posix_spawn_file_actions_adddup2(&actions, out, 1);
        error = posix_spawnp(&stage->pid, stage->argv[0], &actions, &attributes, stage->argv, environ);
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
        if (error == 0 && job->group == 0)
            job->group = stage->pid;
        if (error != 0) {
            stage->pid = 0;
            stage->code = error == ENOENT ? 127 : 126;
            say(2, "%s: %s\n", stage->argv[0], strerror(error));
        }
    }
    for (int i = 0; i < 2; i++)
        if (files[i] != -1)
            close(files[i]);
    return error == EAGAIN || error == ENOMEM ? error : 0;
}

static void start(struct job *job, bool background)
{
    int in = 0;
    bool failed = false;

    for (int n = 1; n < MAX - 1; n++)
        if (table[n] != NULL)
            job->number = n;
    table[++job->number] = job;
    for (int i = 0; i < job->count && !failed; i++) {
        int ends[2] = {-1, 1};
        if (i < job->count - 1 && pipe2(ends, O_CLOEXEC) == -1) {
            perror("pipe");
            failed = true;
            ends[1] = 1;
        } else {
            failed = spawn(job, &job->stages[i], in, ends[1], background) != 0;
        }
        if (in > 0)
            close(in);
        if (ends[1] != 1)
            close(ends[1]);
        in = ends[0];
    }
    if (in > 0)
        close(in);
    if (background && !failed && !is(job, "done")) {
        if (terminal)
            say(1, "[%d] %d\n", job->number, (int)job->group);
        status = 0;
    } else {
        foreground(job);
    }
    if (failed)
        status = 1;
}

/* Cuts words and operators; each ends up as a string of its own in job->words. Returns their number. */
static int cut(const char *line, char *words[], char *buffer)
{
    int count = 0;
    while (*line != '\0' && count < MAX - 1) {
        if (isspace((unsigned char)*line)) {
            line++;
            continue;
        }
        words[count++] = buffer;
        if (strchr("|<>&", *line) != NULL) {
            *buffer++ = *line;
            if (line[0] == '>' && line[1] == '>')
                *buffer++ = *line++;
            line++;
        } else {
            while (*line != '\0' && !isspace((unsigned char)*line) && strchr("|<>&", *line) == NULL)
                *buffer++ = *line++;
        }
        *buffer++ = '\0';
    }
    words[count] = NULL;
    return count;
}

static bool operator(const char *word)
{
    return word != NULL && strchr("|<>&", word[0]) != NULL;
}

static bool parse(struct job *job, char *words[], int count)
{
    struct stage *stage = &job->stages[job->count++];
    for (int i = 0; i < count; i++) {
        if (!operator(words[i])) {
            stage->argv[stage->argc++] = words[i];
        } else if (words[i][0] == '|') {
            if (stage->argc == 0)
                return false;
            stage = &job->stages[job->count++];
        } else {
            if (words[i][0] == '&' || i + 1 >= count || operator(words[i + 1]))
                return false;
            if (words[i][0] == '<')
                stage->in = words[i + 1];
            else
                stage->out = words[i + 1];
            if (words[i][0] == '>')
                stage->out_flags = words[i][1] == '>' ? O_APPEND : O_TRUNC;
            i++;
        }
    }
    return stage->argc > 0;
}

static void resume(const char *name, const char *which, bool front)
{
    struct job *job = NULL;
    for (int n = 1; n < MAX; n++)
        if (table[n] != NULL && (which == NULL || atoi(which) == n))
            job = table[n];
    if (job == NULL) {
        say(2, "%s: no such job\n", name);
        status = 1;
        return;
    }
    for (int i = 0; i < job->count; i++)
        job->stages[i].stopped = false;
    if (front) {
        say(1, "%s\n", job->text);
        tcsetpgrp(0, job->group);
        kill(-job->group, SIGCONT);
        foreground(job);
    } else {
        kill(-job->group, SIGCONT);
        say(1, "[%d] running %s\n", job->number, job->text);
        status = 0;
    }
}

/* Runs what is in the line; false after `exit`. */
static bool run(const char *line)
{
    struct job *job = calloc(1, sizeof *job);
    char *words[MAX];
    bool background = false;

    job->words = malloc(2 * strlen(line) + 2);
    job->text = calloc(2, strlen(line) + 2);
    job->stages = calloc(MAX, sizeof *job->stages);
    int count = cut(line, words, job->words);
    if (count > 0 && words[count - 1][0] == '&') {
        background = true;
        count--;
    }
    for (int i = 0; i < count; i++)
        sprintf(job->text + strlen(job->text), "%s%s", i ? " " : "", words[i]);
    char *first = count > 0 ? words[0] : "", *second = count > 1 ? words[1] : NULL;
    bool go_on = true, started = false;

    if (count == 0 && !background) {
        go_on = true;
    } else if (!parse(job, words, count)) {
        say(2, "syntax error\n");
        status = 2;
    } else if (strcmp(first, "exit") == 0) {
        status = second ? atoi(second) : status;
        go_on = false;
    } else if (strcmp(first, "cd") == 0) {
        const char *to = second ? second : getenv("HOME");
        status = to == NULL || chdir(to) == -1;
        if (status != 0)
            perror("cd");
    } else if (strcmp(first, "jobs") == 0) {
        for (int n = 1; n < MAX; n++)
            if (table[n] != NULL)
                say(1, "[%d] %s %s\n", n, state(table[n]), table[n]->text);
        status = 0;
    } else if (strcmp(first, "fg") == 0 || strcmp(first, "bg") == 0) {
        resume(first, second, first[0] == 'f');
    } else {
        started = true;
        start(job, background);
    }
    if (!started) {
        free(job->words);
        free(job->text);
        free(job->stages);
        free(job);
    }
    return go_on;
}

/* Reads one line; a job that ends meanwhile is told of at once. Returns NULL at the end. */
static char *next_line(void)
{
    static char line[4096];
    size_t length = 0;

    for (;;) {
        struct pollfd polled[2] = {{.fd = 0, .events = POLLIN}, {.fd = news, .events = POLLIN}};
        if (poll(polled, 2, -1) == -1)
            continue;
        if (polled[1].revents != 0) {
            struct signalfd_siginfo info;
            if (read(news, &info, sizeof info) == (ssize_t)sizeof info)
                tell_of_ended();
        }
        if (polled[0].revents == 0)
            continue;
        ssize_t n = read(0, &line[length], 1);
        if (n == -1 && errno == EINTR)
            continue;
        if (n != 1 && length == 0)
            return NULL;
        if (n != 1 || line[length] == '\n' || length == sizeof line - 2) {
            line[length] = '\0';
            return line;
        }
        length++;
    }
}

int main(void)
{
    sigset_t child;

    terminal = isatty(0) == 1;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, &original);
    news = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    if (terminal) {
        signal(SIGINT, SIG_IGN);
        signal(SIGQUIT, SIG_IGN);
        signal(SIGTSTP, SIG_IGN);
        signal(SIGTTIN, SIG_IGN);
        signal(SIGTTOU, SIG_IGN);
        if (getsid(0) != getpid())
            setpgid(0, 0);
        tcsetpgrp(0, getpgrp());
    }
    for (;;) {
        tell_of_ended();
        if (terminal)
            say(1, "mini> ");
        char *line = next_line();
        if (line == NULL || !run(line))
            return status & 255;
    }
}
