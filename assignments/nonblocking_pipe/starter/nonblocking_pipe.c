/*
 * nonblocking_pipe - gives everything that comes in to several commands, and waits for none of them
 *
 *     ./nonblocking_pipe COMMAND [ARGUMENT...] [-- COMMAND [ARGUMENT...]]...
 *
 * What is left for you is marked TODO.
 */

#define _GNU_SOURCE /* pipe2 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum {
    FAILED = 1,
    USAGE_ERROR = 2,
};

enum { CLOSED = -1 }; /* poll(2) passes over a negative descriptor */

/* A command: who it is, and our end of its pipe. What else do you have to know of each? */
struct command {
    char **argv;
    pid_t pid;
    int input;
};

/* Starts a command at the end of a new pipe. Returns whether it could. */
static bool start(struct command *command)
{
    /*
     * TODO: pipe2 with O_NONBLOCK and O_CLOEXEC, then fork. Which of the two ends must be blocking again, and
     * where do you see to that?
     */
    fprintf(stderr, "nonblocking_pipe: %s: not started, this is still to do\n", command->argv[0]);
    return false;
}

/* Hands on what comes in until nobody reads any more or everybody has got everything. */
static void distribute(struct command commands[], size_t count)
{
    /*
     * TODO: one loop around poll. Which descriptors are in the set, and with which events? What has to be kept,
     * and until when? What does each return value of write mean?
     */
    (void)commands;
    (void)count;
}

/* Waits for a command. Returns whether it has exited with 0. */
static bool succeeded(const struct command *command)
{
    /* TODO */
    (void)command;
    return false;
}

/* Cuts the words at each "--" into commands. Returns how many there are, or 0 if one of them is empty. */
static size_t parse(char *words[], struct command commands[])
{
    size_t count = 0;

    for (char **word = words;; word++) {
        char **first = word;

        while (*word != NULL && strcmp(*word, "--") != 0)
            word++;
        if (word == first)
            return 0;
        commands[count++] = (struct command){.argv = first, .pid = -1, .input = CLOSED};
        if (*word == NULL)
            return count;
        *word = NULL;
    }
}

int main(int argc, char *argv[])
{
    struct command commands[argc];
    size_t count = parse(argv + 1, commands);
    size_t started = 0;
    bool all_well = true;

    if (count == 0) {
        fprintf(stderr, "usage: nonblocking_pipe COMMAND [ARGUMENT...] [-- COMMAND [ARGUMENT...]]...\n");
        return USAGE_ERROR;
    }
    while (started < count && start(&commands[started]))
        started++;

    if (started == count) {
        /* TODO: what if a command stops reading? */
        distribute(commands, count);
    }
    for (size_t i = 0; i < started; i++)
        all_well = succeeded(&commands[i]) && all_well;
    return started == count && all_well ? EXIT_SUCCESS : FAILED;
}
