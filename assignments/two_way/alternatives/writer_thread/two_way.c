/* two_way with a second thread that feeds the filter, while the first one listens to it. */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void pump(int from, int to)
{
    enum { SIZE = 64 * 1024 };
    char *block = malloc(SIZE);
    ssize_t length;

    while (block != NULL && ((length = read(from, block, SIZE)) > 0 || (length == -1 && errno == EINTR))) {
        char *rest = block;
        while (length > 0) {
            ssize_t written = write(to, rest, (size_t)length);
            if (written == -1 && errno == EINTR)
                continue;
            if (written == -1)
                goto gone;
            rest += written;
            length -= written;
        }
    }
gone:
    free(block);
}

static void *feed(void *argument)
{
    int to_filter = (int)(intptr_t)argument;

    pump(STDIN_FILENO, to_filter);
    close(to_filter);
    return NULL;
}

int main(int argc, char *argv[])
{
    if (argc == 1) {
        fputs("usage: two_way COMMAND [ARGUMENT...]\n", stderr);
        return 2;
    }

    int question[2], answer[2];
    if (pipe2(question, O_CLOEXEC) == -1 || pipe2(answer, O_CLOEXEC) == -1) {
        perror("two_way: pipe2");
        return EXIT_FAILURE;
    }

    pid_t pid = fork();
    switch (pid) {
    case -1:
        perror("two_way: fork");
        return EXIT_FAILURE;
    case 0:
        if (dup2(question[0], STDIN_FILENO) != -1 && dup2(answer[1], STDOUT_FILENO) != -1)
            execvp(argv[1], &argv[1]);
        pid = errno;
        fprintf(stderr, "two_way: %s: %s\n", argv[1], strerror(pid));
        _exit(pid == ENOENT ? 127 : 126);
    }
    close(question[0]);
    close(answer[1]);
    signal(SIGPIPE, SIG_IGN);

    pthread_t feeder;
    int error = pthread_create(&feeder, NULL, feed, (void *)(intptr_t)question[1]);
    if (error != 0) {
        fprintf(stderr, "two_way: pthread_create: %s\n", strerror(error));
        close(question[1]);
    }

    pump(answer[0], STDOUT_FILENO);
    close(answer[0]);

    int status;
    while (waitpid(pid, &status, 0) == -1)
        if (errno != EINTR)
            return EXIT_FAILURE;
    exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status)); /* and with us goes the feeder */
}
