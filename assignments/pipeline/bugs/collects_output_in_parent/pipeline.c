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

/* Reads until the end of the input or until the buffer is full. Returns the number of bytes. */
static size_t collect(int fd, char *buffer, size_t size)
{
    size_t length = 0;
    ssize_t got;

    while (length < size && (got = read(fd, buffer + length, size - length)) > 0)
        length += (size_t)got;
    return length;
}

/* Runs the stages from left to right, each with the output of the one before as its input. */
static int run(char **stages[], int count)
{
    static char buffer[65536];
    int in = STDIN_FILENO;
    int status = 0;

    for (int i = 0; i < count; i++) {
        int fds[2] = {-1, STDOUT_FILENO};

        if (i < count - 1 && pipe2(fds, O_CLOEXEC) == -1) {
            perror("pipeline: pipe");
            if (in != STDIN_FILENO)
                close(in);
            return 1;
        }

        pid_t pid = fork();
        if (pid == 0)
            child(stages[i], in, fds[1]);

        if (in != STDIN_FILENO)
            close(in);
        if (fds[1] != STDOUT_FILENO)
            close(fds[1]);

        if (pid == -1) {
            perror("pipeline: fork");
            if (fds[0] != -1)
                close(fds[0]);
            return 1;
        }

        if (fds[0] != -1) {
            size_t length = collect(fds[0], buffer, sizeof buffer);
            close(fds[0]);
            if (pipe2(fds, O_CLOEXEC) == -1) {
                perror("pipeline: pipe");
                wait_for(pid);
                return 1;
            }
            if (write(fds[1], buffer, length) != (ssize_t)length)
                perror("pipeline: write");
            close(fds[1]);
            in = fds[0];
        }
        status = wait_for(pid);
    }
    return status;
}

int main(int argc, char *argv[])
{
    char **stages[MAX_STAGES];

    int count = parse(argc, argv, stages);
    if (count == 0) {
        fprintf(stderr, "usage: pipeline command [args] ['|' command [args]]...\n");
        return 2;
    }

    signal(SIGINT, SIG_IGN);
    return run(stages, count);
}
