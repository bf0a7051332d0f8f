#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int running;
static pid_t pids[100];
static int failed;

/* Counts the commands and cuts the words at each "--". Returns 0 if a command is empty. */
static int split(int argc, char *argv[])
{
    int count = 0;
    int start = 1;

    for (int i = 1; i <= argc; i++) {
        if (i < argc && strcmp(argv[i], "--") != 0)
            continue;
        if (i == start)
            return 0;
        argv[i] = NULL;
        start = i + 1;
        count++;
    }
    return count;
}

/* Never returns: the child becomes the command, or ends. */
static void child(char *argv[])
{
    int null = open("/dev/null", O_RDONLY);
    dup2(null, STDIN_FILENO);
    close(null);

    execvp(argv[0], argv);
    int error = errno;
    fprintf(stderr, "reaper: %s: %s\n", argv[0], strerror(error));
    _exit(error == ENOENT ? 127 : 126);
}

static void start_all(char *argv[], int count)
{
    for (int i = 0; i < count; i++) {
        pid_t pid = fork();
        if (pid == -1) {
            perror("reaper: fork");
            failed = 1;
            return;
        }
        if (pid == 0)
            child(argv);
        pids[running++] = pid;
        printf("pid %d: started %s\n", pid, argv[0]);
        fflush(stdout);
        while (*argv != NULL)
            argv++;
        argv++;
    }
}

static void report(pid_t pid, int status)
{
    if (WIFEXITED(status))
        printf("pid %d: exited with %d\n", pid, WEXITSTATUS(status));
    else
        printf("pid %d: killed by SIG%s\n", pid, sigabbrev_np(WTERMSIG(status)));
    fflush(stdout);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        failed = 1;
}

/* Answers the lines that have come. Returns 0 at the end of the input. */
static int answer(void)
{
    char buffer[1024];
    ssize_t n = read(STDIN_FILENO, buffer, sizeof buffer);

    for (ssize_t i = 0; i < n; i++) {
        if (buffer[i] == '\n')
            printf("running: %d\n", running);
    }
    fflush(stdout);
    return n > 0 || (n == -1 && errno == EINTR);
}

int main(int argc, char *argv[])
{
    int count = split(argc, argv);
    if (count == 0) {
        fprintf(stderr, "usage: reaper command [args] [-- command [args]]...\n");
        return 2;
    }

    start_all(argv + 1, count);

    int status;
    int started = running;
    for (int i = 0; i < started; i++) {
        waitpid(pids[i], &status, 0);
        running--;
        report(pids[i], status);
    }
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    while (poll(&input, 1, 0) == 1 && answer())
        continue;
    return failed;
}
