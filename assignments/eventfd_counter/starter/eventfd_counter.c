/*
 * eventfd_counter - a doorkeeper counts, an office reports
 *
 *     ./eventfd_counter MODE [COMMAND [ARGUMENT...]]
 *
 * The words of the command line are already read. What is left for you is marked TODO.
 */

#define _GNU_SOURCE /* pipe2, should you want it */

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/types.h>
#include <unistd.h>

enum {
    FAILED = 1,
    USAGE_ERROR = 2,
};

/* Adds `count` to the counter. */
static bool post(int counter, uint64_t count)
{
    /* TODO: what if there is no room? And what has it to do with the flags of eventfd? */
    (void)counter;
    (void)count;
    return false;
}

/* The doorkeeper: posts every number on standard input, one for each line. Returns its exit status. */
static int keep_door(int counter)
{
    char *line = NULL;
    size_t size = 0;
    bool ok = true;

    while (ok && getline(&line, &size, stdin) != -1)
        ok = post(counter, strtoull(line, NULL, 10));
    free(line);
    return ok ? 0 : FAILED;
}

/* Takes one number from the counter and reports it: as a line, or by a command. */
static bool report(int counter, char *command[], int words)
{
    uint64_t count = 0;

    /*
     * TODO: read the counter. Why eight bytes, and no fewer?
     *
     * TODO: with a command (words > 0), run it, and the number is its last argument.
     */
    (void)counter;
    (void)command;
    (void)words;
    printf("%" PRIu64 "\n", count);
    return false;
}

/* Starts the doorkeeper and runs the office; returns the exit status. */
static int open_museum(int counter, char *command[], int words)
{
    /*
     * TODO: one process is the doorkeeper, the other one the office, and the office has to be this one.
     *
     * TODO: the office reports until the doorkeeper has ended and nothing is left to report. How does it
     * learn that he has ended, while it waits for the counter?
     */
    if (keep_door(counter) == 0 && report(counter, command, words))
        return 0;
    return FAILED;
}

/* The flags of eventfd(2) for a mode, or -1 if there is no such mode. */
static int flags_of(const char *mode)
{
    /* TODO: the modes differ in the flags, and in little else. */
    if (strcmp(mode, "sum") == 0)
        return 0;
    if (strcmp(mode, "one") == 0)
        return 0;
    if (strcmp(mode, "try") == 0)
        return 0;
    return -1;
}

int main(int argc, char *argv[])
{
    int flags = argc < 2 ? -1 : flags_of(argv[1]);

    if (flags == -1) {
        fprintf(stderr, "usage: eventfd_counter sum|one|try [COMMAND [ARGUMENT...]]\n");
        return USAGE_ERROR;
    }

    int counter = eventfd(0, flags);
    if (counter == -1) {
        perror("eventfd_counter: eventfd");
        return FAILED;
    }

    int status = open_museum(counter, argv + 2, argc - 2);
    close(counter);
    return status;
}
