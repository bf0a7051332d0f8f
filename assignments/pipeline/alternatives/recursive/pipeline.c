/*
 * pipeline, by recursion: a pipeline is either one command, or a pipeline whose output goes to one command.
 *
 *     run(a | b | c)  =  pipe; fork: run(a | b), writing to it; fork: c, reading from it; wait for both
 *
 * The left part runs in a process of its own that waits for its two in turn, so nobody is left behind. That
 * process has no command to report about; its exit status only says whether its part could be set up.
 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CANNOT_START = -1 };

static void move(int from, int to)
{
    if (from == to)
        return;
    if (dup2(from, to) == -1) {
        perror("pipeline: dup2");
        _exit(1);
    }
    close(from);
}

static void command(char **words)
{
    signal(SIGINT, SIG_DFL);
    execvp(words[0], words);
    int error = errno;
    fprintf(stderr, "pipeline: %s: %s\n", words[0], strerror(error));
    _exit(error == ENOENT ? 127 : 126);
}

static int finish(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) == -1)
        if (errno != EINTR)
            return 1;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* The last bar among the words, or NULL. */
static char **last_bar(char **words)
{
    char **bar = NULL;

    for (; *words != NULL; words++)
        if (strcmp(*words, "|") == 0)
            bar = words;
    return bar;
}

/* Runs the pipeline and waits for all of it. Returns the status of its last command, or CANNOT_START. */
static int run(char **words)
{
    char **bar = last_bar(words);
    int ends[2] = {-1, -1};
    pid_t left = -1;

    if (bar != NULL) {
        *bar = NULL;
        if (pipe(ends) == -1) {
            perror("pipeline: pipe");
            return CANNOT_START;
        }
        left = fork();
        if (left == -1) {
            perror("pipeline: fork");
            close(ends[0]);
            close(ends[1]);
            return CANNOT_START;
        }
        if (left == 0) {
            close(ends[0]);
            move(ends[1], STDOUT_FILENO);
            _exit(run(words) == CANNOT_START);
        }
        close(ends[1]);
    }

    pid_t right = fork();
    if (right == -1)
        perror("pipeline: fork");
    if (right == 0) {
        if (bar != NULL)
            move(ends[0], STDIN_FILENO);
        command(bar != NULL ? bar + 1 : words);
    }
    if (bar != NULL)
        close(ends[0]);
    close(STDOUT_FILENO); /* in a left part this is a write end, which belongs to its last command alone */

    int left_failed = bar != NULL && finish(left) != 0;
    int status = right != -1 ? finish(right) : CANNOT_START;
    return left_failed ? CANNOT_START : status;
}

static int every_stage_has_a_command(char **words)
{
    int expected = 1; /* a command must come now */

    for (; *words != NULL; words++) {
        int bar = strcmp(*words, "|") == 0;
        if (bar && expected)
            return 0;
        expected = bar;
    }
    return !expected;
}

int main(int argc, char **argv)
{
    if (argc < 2 || !every_stage_has_a_command(argv + 1)) {
        fprintf(stderr, "usage: %s COMMAND [ARGUMENT...] ['|' COMMAND [ARGUMENT...]]...\n", argv[0]);
        return 2;
    }

    signal(SIGINT, SIG_IGN);
    int status = run(argv + 1);
    return status == CANNOT_START ? 1 : status;
}
