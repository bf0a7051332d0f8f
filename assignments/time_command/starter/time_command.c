/*
 * time_command - runs a command, then tells how it ended and what it has used
 *
 *     ./time_command COMMAND [ARGUMENT...]
 *
 * The form of the report is given. What is left for you is marked TODO.
 */

#define _GNU_SOURCE /* sigabbrev_np, wait4 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    FAILED = 1,
    USAGE_ERROR = 2,
};

static void report(const char *command, int status, const struct rusage *usage)
{
    /* TODO: exited with what, or killed by what? man 2 waitpid has the macros that take `status` apart. */
    if (status == 0)
        fprintf(stderr, "%s: exited with %d\n", command, status);
    else
        fprintf(stderr, "%s: killed by SIG%s\n", command, sigabbrev_np(status));

    /* TODO: which clock gives the first, which fields of the rusage the others, and in which units? */
    (void)usage;
    fprintf(stderr, "real %.3f s\n", 0.0);
    fprintf(stderr, "user %.3f s\n", 0.0);
    fprintf(stderr, "sys %.3f s\n", 0.0);
    fprintf(stderr, "memory %ld KiB\n", 0L);
}

/* Runs the command to its end and returns the exit status, ours and its own. */
static int run(char *argv[])
{
    struct rusage usage;
    int status = 0;

    /*
     * TODO: fork and execvp. What has to happen in the child if the command cannot be executed? How do you
     * wait for this child, and what does Ctrl-C do to you meanwhile?
     */
    memset(&usage, 0, sizeof usage);
    report(argv[0], status, &usage);
    return FAILED;
}

int main(int argc, char *argv[])
{
    if (argc < 2) {
        fprintf(stderr, "usage: time_command COMMAND [ARGUMENT...]\n");
        return USAGE_ERROR;
    }
    return run(argv + 1);
}
