/*
 * time_command - runs a command, then tells how it ended and what it has used
 *
 *     ./time_command COMMAND [ARGUMENT...]
 *
 * The report goes to standard error, so that the command's output stays what it is.
 *
 * Exit status: that of the command; 128 + N if signal N killed it; 127 if it does not exist, 126 if it cannot
 * be executed; 2 for a usage error, 1 if a system call failed.
 */

#define _GNU_SOURCE /* sigabbrev_np, wait4 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    FAILED = 1,
    USAGE_ERROR = 2,
    NOT_EXECUTABLE = 126,
    NOT_FOUND = 127,
    KILLED = 128,
};

/* What SIGINT and SIGQUIT did when we were started. */
struct keyboard {
    struct sigaction interrupt;
    struct sigaction quit;
};

/*
 * Ctrl-C and Ctrl-\ send their signals to the whole foreground process group: to the command, for which they
 * are meant, and to us, who have to live on until it has ended. If it ends at all: it may catch them.
 */
static void ignore_keyboard(struct keyboard *before)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    sigemptyset(&ignore.sa_mask);
    sigaction(SIGINT, &ignore, &before->interrupt);
    sigaction(SIGQUIT, &ignore, &before->quit);
}

static void restore_keyboard(const struct keyboard *before)
{
    sigaction(SIGINT, &before->interrupt, NULL);
    sigaction(SIGQUIT, &before->quit, NULL);
}

/* The child's part: becomes the command, or ends with the status that says why it could not. */
static _Noreturn void become(char *argv[], const struct keyboard *before)
{
    restore_keyboard(before); /* what is ignored stays ignored after exec */
    execvp(argv[0], argv);

    int status = errno == ENOENT ? NOT_FOUND : NOT_EXECUTABLE;
    fprintf(stderr, "time_command: %s: %s\n", argv[0], strerror(errno));
    _exit(status);
}

/* Waits for the end of this child and of no other; its status, and what it and all that it waited for have used. */
static int wait_for(pid_t pid, struct rusage *usage)
{
    int status;

    while (waitpid(pid, &status, 0) == -1) {
        if (errno != EINTR) {
            perror("time_command: wait4");
            exit(FAILED);
        }
    }
    getrusage(RUSAGE_SELF, usage);
    return status;
}

static double seconds_since(const struct timespec *start)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now); /* nobody can set this one, unlike the time of day */
    return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void report(const char *command, int status, double real, const struct rusage *usage)
{
    if (WIFEXITED(status))
        fprintf(stderr, "%s: exited with %d\n", command, WEXITSTATUS(status));
    else if (sigabbrev_np(WTERMSIG(status)) != NULL)
        fprintf(stderr, "%s: killed by SIG%s\n", command, sigabbrev_np(WTERMSIG(status)));
    else
        fprintf(stderr, "%s: killed by signal %d\n", command, WTERMSIG(status)); /* a real-time signal */
    fprintf(stderr, "real %.3f s\n", real);
    fprintf(stderr, "user %.3f s\n", seconds(usage->ru_utime));
    fprintf(stderr, "sys %.3f s\n", seconds(usage->ru_stime));
    fprintf(stderr, "memory %ld KiB\n", usage->ru_maxrss);
}

/* What a shell would have in $?. */
static int exit_status(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : KILLED + WTERMSIG(status);
}

int main(int argc, char *argv[])
{
    struct timespec start;
    struct keyboard before;
    struct rusage usage;

    if (argc < 2) {
        fprintf(stderr, "usage: time_command COMMAND [ARGUMENT...]\n");
        return USAGE_ERROR;
    }

    ignore_keyboard(&before); /* before fork: afterwards the command might already be interrupted, and we as well */
    clock_gettime(CLOCK_MONOTONIC, &start);
    pid_t pid = fork();
    if (pid == -1) {
        perror("time_command: fork");
        return FAILED;
    }
    if (pid == 0)
        become(argv + 1, &before);

    int status = wait_for(pid, &usage);
    report(argv[1], status, seconds_since(&start), &usage);
    return exit_status(status);
}
