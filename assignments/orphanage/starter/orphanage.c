/*
 * orphanage - starts commands as daemons, adopts them, and stays until the last of them has ended
 *
 *     ./orphanage COMMAND [ARGUMENT...] [-- COMMAND [ARGUMENT...]]...
 *
 * The words are already cut into commands. What is left for you is marked TODO.
 */

#define _GNU_SOURCE /* sigabbrev_np; pipe2 and close_range, should you want them */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>

enum {
    SOME_NOT_STARTED = 1,
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

/* Tells how a daemon, or a stray, has ended. */
static void report(pid_t pid, int status)
{
    /* TODO: exited with what, or killed by what? And is it a daemon of yours, or a stray? */
    printf("%d: killed by %s\n", (int)pid, signal_name(status));
}

/* Starts a command as a daemon. Returns its pid, or -1. */
static pid_t start(char *argv[])
{
    /*
     * TODO: fork, setsid, fork again. Who has to end now, and who has to wait for whom?
     *
     * TODO: what of ours must the daemon not keep? Its session, its folder, its descriptors, its signals.
     *
     * TODO: how does this process learn the pid of its grandchild, and whether exec has succeeded?
     */
    fprintf(stderr, "orphanage: %s: not started, this is still to do\n", argv[0]);
    return -1;
}

/* Starts the commands, and stays until nobody is left. Returns our exit status. */
static int run(char **commands[], int count)
{
    /*
     * TODO: a process whose parent has ended gets a new one. See to it that it is this one: man 2 prctl.
     *
     * TODO: report every end, of daemons and of what they leave behind. When is nobody left?
     */
    for (int i = 0; i < count; i++) {
        pid_t pid = start(commands[i]);

        if (pid == -1)
            return SOME_NOT_STARTED;
        report(pid, 0);
    }
    return 0;
}

int main(int argc, char *argv[])
{
    char ***commands = calloc((size_t)argc, sizeof *commands);

    if (commands == NULL) {
        perror("orphanage");
        return SOME_NOT_STARTED;
    }

    int count = split_commands(argv + 1, commands);
    int status = USAGE_ERROR;

    if (count > 0)
        status = run(commands, count);
    else
        fprintf(stderr, "usage: orphanage COMMAND [ARGUMENT...] [-- COMMAND [ARGUMENT...]]...\n");

    free(commands);
    return status;
}
