/*
 * reaper - starts commands, tells how each of them ends the moment it does, and answers meanwhile
 *
 *     ./reaper COMMAND [ARGUMENT...] [-- COMMAND [ARGUMENT...]]...
 *
 * The words are already cut into commands. What is left for you is marked TODO.
 */

#define _GNU_SOURCE /* sigabbrev_np; ppoll, should you want it */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    SOME_FAILED = 1,
    USAGE_ERROR = 2,
};

/*
 * Cuts the words at every "--": it becomes the NULL that ends one command's argument vector, and
 * commands[i] points at the first word of command i, ready for execvp(commands[i][0], commands[i]).
 * Returns how many commands there are, or 0 if one of them is empty.
 */
static int split_commands(char *words[], char **commands[])
{
    int count = 0;

    commands[count++] = words;
    for (char **word = words; *word != NULL; word++) {
        if (strcmp(*word, "--") == 0) {
            *word = NULL;
            commands[count++] = word + 1;
        }
    }

    for (int i = 0; i < count; i++) {
        if (commands[i][0] == NULL)
            return 0;
    }
    return count;
}

/* The name of a signal, such as SIGTERM. */
static const char *signal_name(int number)
{
    static char name[16];
    const char *abbreviation = sigabbrev_np(number);

    if (abbreviation != NULL)
        snprintf(name, sizeof name, "SIG%s", abbreviation);
    else
        snprintf(name, sizeof name, "signal %d", number); /* the real-time signals have no names */
    return name;
}

/* Tells how a child has ended. */
static void report(pid_t pid, int status)
{
    /* TODO: exited with what, or killed by what? man 2 waitpid has the macros that take `status` apart. */
    printf("pid %d: killed by %s\n", (int)pid, signal_name(status));
}

/* Starts a command. Returns its pid, or -1. */
static pid_t start(char *argv[])
{
    /*
     * TODO: fork and execvp. What of ours must the command not inherit? What has to happen in the
     * child if the command cannot be executed?
     */
    fprintf(stderr, "reaper: %s: not started, this is still to do\n", argv[0]);
    return -1;
}

/* Starts the commands, reports their ends and answers lines until no child is left. Returns our exit status. */
static int run(char **commands[], int count)
{
    /*
     * TODO: two things can happen at any time, in any order: a child ends, or a line comes in. How can
     * you wait for both? How many children may have ended when you are told once?
     */
    for (int i = 0; i < count; i++) {
        pid_t pid = start(commands[i]);

        if (pid == -1)
            return SOME_FAILED;
        report(pid, 0);
    }
    return 0;
}

int main(int argc, char *argv[])
{
    char ***commands = calloc((size_t)argc, sizeof *commands);

    if (commands == NULL) {
        perror("reaper");
        return SOME_FAILED;
    }

    int count = split_commands(argv + 1, commands);
    int status = USAGE_ERROR;

    if (count > 0)
        status = run(commands, count);
    else
        fprintf(stderr, "usage: reaper COMMAND [ARGUMENT...] [-- COMMAND [ARGUMENT...]]...\n");

    free(commands);
    return status;
}
