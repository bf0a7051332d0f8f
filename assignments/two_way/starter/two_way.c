/*
 * two_way - starts a command as a filter, feeds it our input and prints what it answers
 *
 *     ./two_way COMMAND [ARGUMENT...]
 *
 * What is left for you is marked TODO.
 */

#define _GNU_SOURCE /* pipe2, should you want it */

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum {
    SETUP_FAILED = 1,
    USAGE_ERROR = 2,
};

/* The filter, seen from here: whom to wait for, where to write to, where to read from. */
struct filter {
    pid_t pid;
    int input;
    int output;
};

/* Starts the filter between two pipes. Returns whether it could. */
static bool start_filter(char *argv[], struct filter *filter)
{
    /*
     * TODO: two pipes, then fork. Four pipe ends, two processes: which process needs which end, and
     * who has to close the others? What has to happen in the child if the command cannot be executed?
     */
    (void)filter;
    fprintf(stderr, "two_way: %s: not started, this is still to do\n", argv[0]);
    return false;
}

/* Talks with the filter until nothing more can come from it, and nothing more can be said to it. */
static void converse(struct filter *filter)
{
    /*
     * TODO: our standard input has to get to the filter, and what the filter prints to our standard
     * output. Neither may wait for the other: not for ever, whatever the filter does, and not at all.
     * Which call can wait for several descriptors at once? Or would you rather have two that wait,
     * each for its own?
     */
    (void)filter;
}

/* Waits for the filter and returns its status as a shell counts it. */
static int wait_for(pid_t pid)
{
    /* TODO */
    (void)pid;
    return 0;
}

int main(int argc, char *argv[])
{
    struct filter filter;

    if (argc < 2) {
        fprintf(stderr, "usage: two_way COMMAND [ARGUMENT...]\n");
        return USAGE_ERROR;
    }
    if (!start_filter(argv + 1, &filter))
        return SETUP_FAILED;

    converse(&filter);
    return wait_for(filter.pid);
}
