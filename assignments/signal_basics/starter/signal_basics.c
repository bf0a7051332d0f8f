/*
 * signal_basics - shows what can be done with a signal: ignore it, block it, catch it, wait for it
 *
 *     ./signal_basics ignore SIGNAL COMMAND [ARGUMENT...]
 *     ./signal_basics block SIGNAL COMMAND [ARGUMENT...]
 *     ./signal_basics run COMMAND [ARGUMENT...]
 *     ./signal_basics count
 *     ./signal_basics hold
 *     ./signal_basics wait N
 *
 * The words are already taken apart. What is left for you is marked TODO.
 */

#define _GNU_SOURCE

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    USAGE_ERROR = 2,
    NOT_EXECUTABLE = 126,
    NOT_FOUND = 127,
    KILLED = 128, /* plus the signal's number */
};

static _Noreturn void usage(void)
{
    fprintf(stderr, "usage: signal_basics ignore|block SIGNAL COMMAND [ARGUMENT...]\n"
                    "       signal_basics run COMMAND [ARGUMENT...]\n"
                    "       signal_basics count | hold | wait N\n");
    exit(USAGE_ERROR);
}

/* The number of a signal by its name, such as SIGINT. */
static int signal_number(const char *name)
{
    static const struct {
        const char *name;
        int number;
    } known[] = {
        {"SIGHUP", SIGHUP},   {"SIGINT", SIGINT},   {"SIGQUIT", SIGQUIT},
        {"SIGTERM", SIGTERM}, {"SIGUSR1", SIGUSR1}, {"SIGUSR2", SIGUSR2},
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(name, known[i].name) == 0)
            return known[i].number;
    }
    usage();
}

/* Becomes the command with that signal ignored. */
static int ignore_and_become(int number, char *argv[])
{
    (void)number; /* TODO: sigaction, SIG_IGN */
    execvp(argv[0], argv);
    return NOT_FOUND; /* TODO: say what went wrong; NOT_EXECUTABLE, if the command is there */
}

/* Becomes the command with that signal blocked, beside those that are blocked already. */
static int block_and_become(int number, char *argv[])
{
    (void)number; /* TODO: sigprocmask */
    execvp(argv[0], argv);
    return NOT_FOUND; /* TODO: as above */
}

/* Runs the command in a child and returns its status; Ctrl-C ends the command, not us. */
static int run(char *argv[])
{
    (void)argv; /* TODO: fork, exec, waitpid. Who ignores SIGINT and SIGQUIT, and from when on? */
    return KILLED;
}

/* Catches SIGUSR1, and answers each line with how often it was delivered. */
static int count(void)
{
    printf("ready\n"); /* TODO: not before there is a handler */
    /* TODO: read lines. What does the function with which you read return if a signal comes meanwhile? */
    return EXIT_SUCCESS;
}

/* Blocks SIGUSR1 and SIGUSR2, tells which of them are pending, and lets them in for a moment. */
static int hold(void)
{
    printf("holding\n"); /* TODO: not before they are blocked */
    /* TODO: read lines, `pending` and `release` */
    return EXIT_SUCCESS;
}

/* Waits for SIGUSR1, so many times. */
static int wait_for_signals(int times)
{
    for (int i = 0; i < times; i++) {
        printf("waiting\n");
        /* TODO: sleep until SIGUSR1 comes, or has come */
        printf("woken\n");
    }
    return EXIT_SUCCESS;
}

static int positive_number(const char *text)
{
    char *end;
    long number = strtol(text, &end, 10);

    if (end == text || *end != '\0' || number < 1 || number > 1000)
        usage();
    return (int)number;
}

int main(int argc, char *argv[])
{
    const char *what = argc > 1 ? argv[1] : "";

    setvbuf(stdout, NULL, _IOLBF, 0); /* each line at once, into a pipe as well */

    if (strcmp(what, "ignore") == 0 && argc > 3)
        return ignore_and_become(signal_number(argv[2]), argv + 3);
    if (strcmp(what, "block") == 0 && argc > 3)
        return block_and_become(signal_number(argv[2]), argv + 3);
    if (strcmp(what, "run") == 0 && argc > 2)
        return run(argv + 2);
    if (strcmp(what, "count") == 0 && argc == 2)
        return count();
    if (strcmp(what, "hold") == 0 && argc == 2)
        return hold();
    if (strcmp(what, "wait") == 0 && argc == 3)
        return wait_for_signals(positive_number(argv[2]));
    usage();
}
