#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t running;
static volatile sig_atomic_t failed;

static void report(pid_t pid, int status)
{
    if (WIFEXITED(status))
        dprintf(STDOUT_FILENO, "pid %d: exited with %d\n", pid, WEXITSTATUS(status));
    else
        dprintf(STDOUT_FILENO, "pid %d: killed by SIG%s\n", pid, sigabbrev_np(WTERMSIG(status)));
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        failed = 1;
}

static void handler(int sig)
{
    int saved = errno;
    int status;
    pid_t pid;

    if ((pid = wait(&status)) > 0) {
        running--;
        report(pid, status);
    }
    if (running == 0)
        _exit(failed);
    errno = saved;
}

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
static void child(char *argv[], sigset_t *mask)
{
    sigprocmask(SIG_SETMASK, mask, NULL);
    int null = open("/dev/null", O_RDONLY);
    dup2(null, STDIN_FILENO);
    close(null);

    execvp(argv[0], argv);
    int error = errno;
    fprintf(stderr, "reaper: %s: %s\n", argv[0], strerror(error));
    _exit(error == ENOENT ? 127 : 126);
}

static void start_all(char *argv[], int count, sigset_t *mask)
{
    for (int i = 0; i < count; i++) {
        pid_t pid = fork();
        if (pid == -1) {
            perror("reaper: fork");
            failed = 1;
            return;
        }
        if (pid == 0)
            child(argv, mask);
        running++;
        dprintf(STDOUT_FILENO, "pid %d: started %s\n", pid, argv[0]);
        while (*argv != NULL)
            argv++;
        argv++;
    }
}

int main(int argc, char *argv[])
{
    sigset_t block, before;

    int count = split(argc, argv);
    if (count == 0) {
        fprintf(stderr, "usage: reaper command [args] [-- command [args]]...\n");
        return 2;
    }

    /* the handler must not run before all children are counted */
    sigemptyset(&block);
    sigaddset(&block, SIGCHLD);
    sigprocmask(SIG_BLOCK, &block, &before);
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigaction(SIGCHLD, &action, NULL);

    start_all(argv + 1, count, &before);
    if (running == 0)
        return failed;
    sigprocmask(SIG_SETMASK, &before, NULL);

    char byte;
    while (read(STDIN_FILENO, &byte, 1) == 1) {
        if (byte == '\n')
            dprintf(STDOUT_FILENO, "running: %d\n", running);
    }
    while (1)
        pause();
}
