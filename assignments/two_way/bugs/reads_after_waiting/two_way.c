#define _GNU_SOURCE

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Never returns: the child becomes the command, or ends. */
static void child(char *argv[], int in[2], int out[2])
{
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    close(in[0]);
    close(in[1]);
    close(out[0]);
    close(out[1]);

    execvp(argv[0], argv);
    int error = errno;
    fprintf(stderr, "two_way: %s: %s\n", argv[0], strerror(error));
    _exit(error == ENOENT ? 127 : 126);
}

/* Copies until the end, or until nobody reads it any more. */
static void copy(int from, int to)
{
    char block[4096];
    ssize_t size;

    while ((size = read(from, block, sizeof block)) > 0) {
        for (ssize_t done = 0; done < size;) {
            ssize_t n = write(to, block + done, size - done);
            if (n == -1)
                return;
            done += n;
        }
    }
}

/* Waits for a child. Returns its exit status, 128+n if signal n ended it. */
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
    int in[2], out[2];

    if (argc < 2) {
        fprintf(stderr, "usage: two_way command [args]\n");
        return 2;
    }

    if (pipe(in) == -1 || pipe(out) == -1) {
        perror("two_way: pipe");
        return 1;
    }
    pid_t filter = fork();
    if (filter == -1) {
        perror("two_way: fork");
        return 1;
    }
    if (filter == 0)
        child(argv + 1, in, out);
    close(in[0]);
    close(out[1]);
    signal(SIGPIPE, SIG_IGN);

    /* a second child feeds the filter */
    pid_t writer = fork();
    if (writer == -1) {
        perror("two_way: fork");
        return 1;
    }
    if (writer == 0) {
        close(out[0]);
        copy(STDIN_FILENO, in[1]);
        _exit(0);
    }
    close(in[1]);

    int status = wait_for(filter);
    copy(out[0], STDOUT_FILENO);
    kill(writer, SIGTERM);
    wait_for(writer);
    return status;
}
