/*
 * reaper - starts commands, tells how each of them ends the moment it does, and answers meanwhile
 *
 *     ./reaper COMMAND [ARGUMENT...] [-- COMMAND [ARGUMENT...]]...
 *
 * Exit status: 0 if every command ended with 0, 1 if one did not or could not be started,
 * 2 for a usage error.
 */

#define _GNU_SOURCE /* ppoll, sigabbrev_np */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    SOME_FAILED = 1,
    USAGE_ERROR = 2,
    NOT_EXECUTABLE = 126,
    NOT_FOUND = 127,
};

/* How things stand: how many children have not been reaped, and whether all went well so far. */
struct tally {
    int running;
    bool all_well;
};

/*
 * Cuts the words at every "--": it becomes the NULL that ends one command's argument vector, and
 * commands[i] points at the first word of command i. Returns how many there are, or 0 if one of
 * them is empty. `commands` needs room for as many entries as there are words.
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

/*
 * It has nothing to do: that there is a handler is enough for SIGCHLD to interrupt ppoll. All work
 * is done in the main loop, where every function may be called.
 */
static void on_child(int number)
{
    (void)number;
}

/*
 * Catches SIGCHLD, and keeps it blocked from now on, so that it is delivered while we sit in ppoll and
 * at no other moment. Then no child's end can be missed: not before we are ready for it, and not
 * between the last look and falling asleep. Returns in `awake` the mask with which it is let in.
 */
static void catch_child_signals(sigset_t *awake)
{
    struct sigaction action = {.sa_handler = on_child};
    sigset_t child;

    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, awake);
    sigdelset(awake, SIGCHLD);
    sigemptyset(&action.sa_mask);
    sigaction(SIGCHLD, &action, NULL);
}

/* The child's part: becomes the command, or ends with the status that says why it could not. */
static _Noreturn void become(char *argv[], const sigset_t *awake)
{
    /* exec resets handlers, but keeps what is blocked. Our lines of input are not for the command. */
    sigprocmask(SIG_SETMASK, awake, NULL);
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing == -1 || dup2(nothing, STDIN_FILENO) == -1) {
        perror("reaper: /dev/null");
        _exit(NOT_EXECUTABLE);
    }
    execvp(argv[0], argv);

    /* _exit, not exit: what the parent has in its buffers is not ours to print. */
    int status = errno == ENOENT ? NOT_FOUND : NOT_EXECUTABLE;
    fprintf(stderr, "reaper: %s: %s\n", argv[0], strerror(errno));
    _exit(status);
}

/* Starts every command, or as many as can be started. */
static void start_all(char **commands[], int count, const sigset_t *awake, struct tally *tally)
{
    for (int i = 0; i < count; i++) {
        pid_t pid = fork();

        if (pid == -1) {
            perror("reaper: fork");
            tally->all_well = false;
            return;
        }
        if (pid == 0)
            become(commands[i], awake);
        tally->running++;
        printf("pid %d: started %s\n", (int)pid, commands[i][0]);
    }
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

static void report(pid_t pid, int status, struct tally *tally)
{
    tally->running--;
    if (WIFSIGNALED(status))
        printf("pid %d: killed by %s\n", (int)pid, signal_name(WTERMSIG(status)));
    else
        printf("pid %d: exited with %d\n", (int)pid, WEXITSTATUS(status));
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        tally->all_well = false;
}

/*
 * Reaps every child that has ended by now, and none else. A signal that is pending already cannot
 * become pending twice: one SIGCHLD may stand for many children, so we ask until there is none.
 */
static void reap(struct tally *tally)
{
    pid_t pid;
    int status;

    while ((pid = waitpid(-1, &status, WNOHANG | WCONTINUED)) > 0)
        report(pid, status, tally);
}

/* Answers every line that has come. Returns false at the end of the input. */
static bool answer(const struct tally *tally)
{
    char bytes[4096];
    ssize_t count = read(STDIN_FILENO, bytes, sizeof bytes);

    for (ssize_t i = 0; i < count; i++) {
        if (bytes[i] == '\n')
            printf("running: %d\n", tally->running);
    }
    return count > 0 || (count == -1 && (errno == EINTR || errno == EAGAIN));
}

/* Reports and answers until no child is left. */
static void attend(const sigset_t *awake, struct tally *tally)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};

    reap(tally);
    while (tally->running > 0) {
        /* Unblocks SIGCHLD, sleeps, and blocks it again, all in one: that is what the p is for. */
        int ready = ppoll(&input, 1, NULL, awake);

        if (ready == -1 && errno != EINTR) {
            perror("reaper: ppoll");
            exit(SOME_FAILED);
        }
        if (ready > 0 && !answer(tally))
            input.fd = -1; /* an end of file would be ready for ever; ppoll passes over a negative one */
        reap(tally);
    }
}

int main(int argc, char *argv[])
{
    char ***commands = calloc((size_t)argc, sizeof *commands);

    if (commands == NULL) {
        perror("reaper");
        return SOME_FAILED;
    }

    int count = split_commands(argv + 1, commands);
    if (count == 0) {
        fprintf(stderr, "usage: reaper COMMAND [ARGUMENT...] [-- COMMAND [ARGUMENT...]]...\n");
        free(commands);
        return USAGE_ERROR;
    }

    struct tally tally = {.running = 0, .all_well = true};
    sigset_t awake;

    setvbuf(stdout, NULL, _IOLBF, 0); /* each line at once, into a pipe as well */
    catch_child_signals(&awake);
    start_all(commands, count, &awake, &tally);
    attend(&awake, &tally);
    free(commands);
    return tally.all_well ? EXIT_SUCCESS : SOME_FAILED;
}
