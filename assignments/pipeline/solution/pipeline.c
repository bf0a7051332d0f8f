/*
 * pipeline - runs commands side by side, the output of each being the input of the next
 *
 *     ./pipeline COMMAND [ARGUMENT...] ['|' COMMAND [ARGUMENT...]]...
 *
 * Exit status: that of the last stage (128+n if signal n ended it), 2 for a usage error,
 * 1 if the pipeline could not be set up.
 */

#define _GNU_SOURCE /* pipe2 */

#include <errno.h>
#include <fcntl.h>
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

/*
 * Cuts the words at every bar: each "|" becomes the NULL that ends one stage's argument vector,
 * and stages[i] points at the first word of stage i. Returns how many stages there are, or 0 if
 * one of them is empty. `stages` needs room for as many entries as there are words.
 */
static int split_stages(char *words[], char **stages[])
{
    int count = 0;

    stages[count++] = words;
    for (char **word = words; *word != NULL; word++) {
        if (strcmp(*word, "|") == 0) {
            *word = NULL;
            stages[count++] = word + 1;
        }
    }

    for (int i = 0; i < count; i++) {
        if (stages[i][0] == NULL)
            return 0;
    }
    return count;
}

/* Closes a pipe end that this process is done with; the standard descriptors are not ours to close. */
static void close_pipe_end(int fd)
{
    if (fd > STDERR_FILENO)
        close(fd);
}

/* Makes `fd` the child's descriptor `standard`. The copy that dup2 makes is without O_CLOEXEC. */
static void redirect(int fd, int standard)
{
    if (fd != standard && dup2(fd, standard) == -1) {
        perror("pipeline: dup2");
        _exit(SETUP_FAILED);
    }
}

/* The child's part: becomes the command, or ends with the status that says why it could not. */
static _Noreturn void become(char *argv[], int in, int out, const struct sigaction *on_interrupt)
{
    /* An ignored signal would stay ignored across exec: the command gets back what we were given. */
    sigaction(SIGINT, on_interrupt, NULL);

    redirect(in, STDIN_FILENO);
    redirect(out, STDOUT_FILENO);
    execvp(argv[0], argv);

    /* Only reached if exec failed. _exit, not return: this process must not go on as a second parent. */
    int status = errno == ENOENT ? NOT_FOUND : NOT_EXECUTABLE;
    fprintf(stderr, "pipeline: %s: %s\n", argv[0], strerror(errno));
    _exit(status);
}

/* Starts one stage that reads from `in` and writes to `out`. Returns its pid, or -1. */
static pid_t start_stage(char *argv[], int in, int out, const struct sigaction *on_interrupt)
{
    pid_t pid = fork();

    if (pid == -1)
        perror("pipeline: fork");
    if (pid == 0)
        become(argv, in, out, on_interrupt);
    return pid;
}

/*
 * Starts every stage and returns how many could be started.
 *
 * At any moment the parent holds at most one pipe: it closes the write end as soon as the writer has
 * it, and the read end as soon as the reader has it. A write end forgotten here would keep the reader
 * waiting for an end of file that never comes; a read end forgotten here would keep the writer from
 * ever getting SIGPIPE. In the children O_CLOEXEC closes both originals at exec, and only there.
 */
static int start_stages(char **stages[], int count, pid_t pids[], const struct sigaction *on_interrupt)
{
    int in = STDIN_FILENO;

    for (int i = 0; i < count; i++) {
        int ends[2] = {STDIN_FILENO, STDOUT_FILENO}; /* the last stage writes where we write */

        if (i < count - 1 && pipe2(ends, O_CLOEXEC) == -1) {
            perror("pipeline: pipe");
            close_pipe_end(in);
            return i;
        }

        pids[i] = start_stage(stages[i], in, ends[1], on_interrupt);
        close_pipe_end(in);
        close_pipe_end(ends[1]);
        in = ends[0];

        if (pids[i] == -1) {
            close_pipe_end(in);
            return i;
        }
    }
    return count;
}

/* Waits for one child, however often a signal interrupts, and returns its status as a shell counts it. */
static int wait_for(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) == -1) {
        if (errno != EINTR) {
            perror("pipeline: waitpid");
            return SETUP_FAILED;
        }
    }
    return WIFSIGNALED(status) ? ENDED_BY_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Runs the stages to the end of every one of them; returns the exit status of the pipeline. */
static int run_pipeline(char **stages[], int count, pid_t pids[])
{
    /* Ctrl-C reaches the whole process group. The stages shall end by it, and we shall see them end. */
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction on_interrupt;
    sigaction(SIGINT, &ignore, &on_interrupt);

    int started = start_stages(stages, count, pids, &on_interrupt);
    int status = 0;

    for (int i = 0; i < started; i++)
        status = wait_for(pids[i]);
    return started == count ? status : SETUP_FAILED;
}

int main(int argc, char *argv[])
{
    int status = SETUP_FAILED;
    char ***stages = calloc((size_t)argc, sizeof *stages);
    pid_t *pids = calloc((size_t)argc, sizeof *pids);

    if (stages == NULL || pids == NULL) {
        perror("pipeline");
    } else {
        int count = split_stages(argv + 1, stages);

        if (count > 0) {
            status = run_pipeline(stages, count, pids);
        } else {
            fprintf(stderr, "usage: pipeline COMMAND [ARGUMENT...] ['|' COMMAND [ARGUMENT...]]...\n");
            status = USAGE_ERROR;
        }
    }

    free(pids);
    free(stages);
    return status;
}
