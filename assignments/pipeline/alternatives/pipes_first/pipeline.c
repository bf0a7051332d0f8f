/*
 * pipeline, all pipes first: plain pipe() without O_CLOEXEC, and every process closes by hand what is not
 * its own. Stages are reaped in whatever order they end. Ctrl-C is caught by a handler that does nothing:
 * exec sets a caught signal back to its default, so there is nothing to restore in the children.
 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef int pipe_ends[2];

static void on_interrupt(int number)
{
    (void)number; /* being caught is all it is for */
}

static void close_all(pipe_ends *pipes, int count)
{
    for (int i = 0; i < count; i++) {
        close(pipes[i][0]);
        close(pipes[i][1]);
    }
}

/* Makes `count` pipes, or none. */
static int open_all(pipe_ends *pipes, int count)
{
    for (int i = 0; i < count; i++) {
        if (pipe(pipes[i]) == -1) {
            perror("pipeline: pipe");
            close_all(pipes, i);
            return -1;
        }
    }
    return 0;
}

/* In the child: stage `i` of `count` reads from the pipe on its left and writes to the one on its right. */
static void run_stage(char **argv, int i, int count, pipe_ends *pipes)
{
    if (i > 0)
        dup2(pipes[i - 1][0], STDIN_FILENO);
    if (i < count - 1)
        dup2(pipes[i][1], STDOUT_FILENO);
    close_all(pipes, count - 1);

    execvp(argv[0], argv);
    int error = errno;
    fprintf(stderr, "pipeline: cannot run %s: %s\n", argv[0], strerror(error));
    _exit(error == ENOENT ? 127 : 126);
}

/* Waits until there is no child any more. Returns the status of `last`, as a shell counts it. */
static int reap_all(pid_t last)
{
    int result = 0;

    for (;;) {
        int status;
        pid_t pid = wait(&status);

        if (pid == -1 && errno == EINTR)
            continue;
        if (pid == -1)
            return result; /* ECHILD: all of them have ended */
        if (pid == last)
            result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
}

static int run(char ***stages, int count)
{
    pipe_ends pipes[count]; /* one more than there are, so that a single stage is no special case */
    pid_t pid = -1;

    if (open_all(pipes, count - 1) == -1)
        return 1;

    signal(SIGINT, on_interrupt);
    for (int i = 0; i < count; i++) {
        pid = fork();
        if (pid == -1) {
            perror("pipeline: fork");
            break;
        }
        if (pid == 0)
            run_stage(stages[i], i, count, pipes);
    }

    /* Before waiting: while this process holds the pipes open no stage ever sees the end of its input. */
    close_all(pipes, count - 1);
    int status = reap_all(pid);
    return pid == -1 ? 1 : status;
}

int main(int argc, char **argv)
{
    char **stages[argc + 1];
    int count = 0;
    int words = 0;

    for (int i = 1; i <= argc; i++) {
        if (argv[i] != NULL && strcmp(argv[i], "|") != 0) {
            words++;
            continue;
        }
        if (words == 0) {
            fprintf(stderr, "pipeline: stage %d has no command\n", count + 1);
            return 2;
        }
        argv[i] = NULL;
        stages[count++] = &argv[i - words];
        words = 0;
    }
    return run(stages, count);
}
