/*
 * pipe_rules - shows the four rules of pipes, one at a time
 *
 *     ./pipe_rules eof COMMAND [ARGUMENT...]
 *     ./pipe_rules empty
 *     ./pipe_rules sigpipe COMMAND [ARGUMENT...]
 *     ./pipe_rules full [SIZE]
 *
 * What is left for you is marked TODO.
 */

#define _GNU_SOURCE /* pipe2, F_SETPIPE_SZ */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    CALL_FAILED = 1,
    USAGE_ERROR = 2,
};

/* Says which call failed, and why, and ends the process. */
static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "pipe_rules: %s: %s\n", what, strerror(errno));
    exit(CALL_FAILED);
}

/* Rule 1: the end of the file comes when the last write end is closed. */
static void show_eof(char *argv[])
{
    /* TODO: a pipe, a child that becomes the command. Which of the four ends has to be closed, and when? */
    (void)argv;
    errno = ENOSYS;
    fail("eof");
}

/* Rule 2: who reads from an empty pipe waits. */
static void show_empty(void)
{
    /* TODO: a pipe, a child that reads. Does each line come out at once? */
    errno = ENOSYS;
    fail("empty");
}

/* Rule 3: who writes when the last read end is closed gets SIGPIPE. */
static void show_sigpipe(char *argv[])
{
    /* TODO: a pipe, a child that becomes the command, a child that writes. */
    (void)argv;
    errno = ENOSYS;
    fail("sigpipe");
}

/* Rule 4: who writes to a full pipe waits. A size of 0 leaves the capacity as it is. */
static void show_full(int size)
{
    /* TODO: a pipe that you fill, then a child that writes one byte more. */
    (void)size;
    errno = ENOSYS;
    fail("full");
}

/* Returns the number that is all of `text`, or 0 if that is no size of a pipe. */
static int parse_size(const char *text)
{
    char *end;

    errno = 0;
    long size = strtol(text, &end, 10);
    return end == text || *end != '\0' || errno != 0 || size < 1 || size > INT_MAX ? 0 : (int)size;
}

static _Noreturn void usage(void)
{
    fprintf(stderr, "usage: pipe_rules eof COMMAND [ARGUMENT...]\n"
                    "       pipe_rules empty\n"
                    "       pipe_rules sigpipe COMMAND [ARGUMENT...]\n"
                    "       pipe_rules full [SIZE]\n");
    exit(USAGE_ERROR);
}

int main(int argc, char *argv[])
{
    const char *rule = argc > 1 ? argv[1] : "";

    if (strcmp(rule, "eof") == 0 && argc > 2)
        show_eof(argv + 2);
    else if (strcmp(rule, "empty") == 0 && argc == 2)
        show_empty();
    else if (strcmp(rule, "sigpipe") == 0 && argc > 2)
        show_sigpipe(argv + 2);
    else if (strcmp(rule, "full") == 0 && argc == 2)
        show_full(0);
    else if (strcmp(rule, "full") == 0 && argc == 3 && parse_size(argv[2]) > 0)
        show_full(parse_size(argv[2]));
    else
        usage();
    return EXIT_SUCCESS;
}
