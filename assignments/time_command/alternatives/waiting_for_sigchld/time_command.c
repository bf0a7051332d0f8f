/*
 * time_command, which waits for SIGCHLD in sigwaitinfo and then asks, without waiting, whether it was the
 * command that has ended.
 */

#define _GNU_SOURCE

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long milliseconds(struct timeval time)
{
    return time.tv_sec * 1000 + time.tv_usec / 1000;
}

static void print_time(char *text, const char *name, long ms)
{
    sprintf(text + strlen(text), "%s %ld.%03ld s\n", name, ms / 1000, ms % 1000);
}

int main(int argc, char *argv[])
{
    sigset_t ours, before;
    struct timespec t0, t1;
    struct rusage usage;
    int status;
    pid_t done;

    if (argc == 1) {
        fputs("usage: time_command COMMAND...\n", stderr);
        exit(2);
    }
    sigemptyset(&ours);
    sigaddset(&ours, SIGCHLD);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGQUIT);
    sigprocmask(SIG_BLOCK, &ours, &before);

    clock_gettime(CLOCK_BOOTTIME, &t0);
    pid_t child = fork();
    switch (child) {
    case -1:
        perror("fork");
        exit(1);
    case 0:
        sigprocmask(SIG_SETMASK, &before, NULL);
        execvp(argv[1], argv + 1);
        status = errno;
        perror(argv[1]);
        _exit(status == ENOENT ? 127 : 126);
    }

    while ((done = wait4(child, &status, WNOHANG, &usage)) != child) {
        if (done == -1 && errno == EINTR)
            continue;
        if (done == -1) {
            perror("wait4");
            exit(1);
        }
        sigwaitinfo(&ours, NULL);
    }
    clock_gettime(CLOCK_BOOTTIME, &t1);

    char *text = malloc(strlen(argv[1]) + 300);
    if (text == NULL)
        abort();
    if (WIFSIGNALED(status))
        sprintf(text, "%s: killed by SIG%s\n", argv[1], sigabbrev_np(WTERMSIG(status)));
    else
        sprintf(text, "%s: exited with %d\n", argv[1], WEXITSTATUS(status));
    print_time(text, "real", (t1.tv_sec - t0.tv_sec) * 1000 + t1.tv_nsec / 1000000 - t0.tv_nsec / 1000000);
    print_time(text, "user", milliseconds(usage.ru_utime));
    print_time(text, "sys", milliseconds(usage.ru_stime));
    sprintf(text + strlen(text), "memory %ld KiB\n", usage.ru_maxrss);
    if (write(STDERR_FILENO, text, strlen(text)) == -1)
        exit(1);
    free(text);
    exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}
