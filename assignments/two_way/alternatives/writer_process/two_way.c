/*
 * two_way with a second child: it does nothing but feed the filter, so that we can do nothing but read from it.
 * Each of the two may block as long as it likes.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int copy(int from, int to)
{
    char bytes[8192];
    ssize_t n;

    while ((n = read(from, bytes, sizeof bytes)) > 0) {
        for (ssize_t done = 0; done < n;) {
            ssize_t written = write(to, bytes + done, n - done);
            if (written == -1)
                return -1;
            done += written;
        }
    }
    return n == 0 ? 0 : -1;
}

static int finish(pid_t pid)
{
    int status = 0;

    while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
        ;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int fail(const char *what)
{
    fprintf(stderr, "two_way: %s: %s\n", what, strerror(errno));
    return 1;
}

int main(int argc, char **argv)
{
    int in[2], out[2];

    if (argc < 2) {
        fprintf(stderr, "usage: %s COMMAND [ARGUMENT...]\n", argv[0]);
        return 2;
    }
    if (pipe(in) == -1 || pipe(out) == -1)
        return fail("pipe");

    pid_t filter = fork();
    if (filter == -1)
        return fail("fork");
    if (filter == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        close(in[0]);
        close(in[1]);
        close(out[0]);
        close(out[1]);
        execvp(argv[1], argv + 1);
        int status = errno == ENOENT ? 127 : 126;
        fail(argv[1]);
        _exit(status);
    }
    close(in[0]);
    close(out[1]);

    pid_t writer = fork();
    if (writer == -1) {
        fail("fork");
        close(in[1]);
        close(out[0]);
        finish(filter);
        return 1;
    }
    if (writer == 0) {
        close(out[0]);
        close(1);
        signal(SIGPIPE, SIG_IGN);
        copy(0, in[1]);
        _exit(0);
    }
    close(in[1]);

    copy(out[0], 1);
    close(out[0]);
    int status = finish(filter);
    kill(writer, SIGKILL); /* it may still be waiting for input that nobody needs any more */
    finish(writer);
    return status;
}
