#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_STAGES 64

static int is_bar(const char *word)
{
    return strcmp(word, "|") == 0;
}

/* Cuts the words at the bars. Returns the number of stages, or 0 for a usage error. */
static int parse(int argc, char *argv[], char **stages[])
{
    int count = 0;
    int start = 1;

    for (int i = 1; i <= argc; i++) {
        if (i < argc && !is_bar(argv[i]))
            continue;
        if (i == start || count == MAX_STAGES)
            return 0;
        argv[i] = NULL;
        stages[count++] = &argv[start];
        start = i + 1;
    }
    return count;
}

/* Never returns: the child becomes the command, or ends. */
static void child(char *argv[], int in, int out)
{
    signal(SIGINT, SIG_DFL);

    if (in != STDIN_FILENO)
        dup2(in, STDIN_FILENO);
    if (out != STDOUT_FILENO)
        dup2(out, STDOUT_FILENO);

    execvp(argv[0], argv);
    int error = errno;
    fprintf(stderr, "pipeline: %s: %s\n", argv[0], strerror(error));
    _exit(error == ENOENT ? 127 : 126);
}

/* Starts the stages from left to right. Returns how many could be started. */
static int start(char **stages[], int count, pid_t pids[])
{
    int in = STDIN_FILENO;

    for (int i = 0; i < count; i++) {
        int fds[2] = {-1, STDOUT_FILENO};

        if (i < count - 1 && pipe2(fds, O_CLOEXEC) == -1) {
            perror("pipeline: pipe");
            if (in != STDIN_FILENO)
                close(in);
            return i;
        }

        pids[i] = fork();
        if (pids[i] == 0)
            child(stages[i], in, fds[1]);

        if (pids[i] == -1) {
            perror("pipeline: fork");
            return i;
        }

        if (in != STDIN_FILENO)
            close(in);
        if (fds[1] != STDOUT_FILENO)
            close(fds[1]);
        in = fds[0];
    }
    return count;
}

/* Waits for one stage. Returns its exit status, 128+n if signal n ended it. */
static int wait_for(pid_t pid)
{
    int status = 0;

    while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
        continue;
    if (WIFSIGNALED(status))
        return 128 + WTERMSIG(status);
    return WEXITSTATUS(status);
}

int main(int argc, char *argv[])
{
    char **stages[MAX_STAGES];
    pid_t pids[MAX_STAGES];

    int count = parse(argc, argv, stages);
    if (count == 0) {
        fprintf(stderr, "usage: pipeline command [args] ['|' command [args]]...\n");
        return 2;
    }

    signal(SIGINT, SIG_IGN);

    int started = start(stages, count, pids);
    int status = 0;
    for (int i = 0; i < started; i++)
        status = wait_for(pids[i]);

    return started == count ? status : 1;
}
