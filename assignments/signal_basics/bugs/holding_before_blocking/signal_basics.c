/*
 * signal_basics - shows what can be done with a signal: ignore it, block it, catch it, wait for it
 *
 *     ./signal_basics ignore SIGNAL COMMAND [ARGUMENT...]
 *     ./signal_basics block SIGNAL COMMAND [ARGUMENT...]
 *     ./signal_basics run COMMAND [ARGUMENT...]
 *     ./signal_basics count
 *     ./signal_basics hold
 *     ./signal_basics wait N
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

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "signal_basics: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

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

static sigset_t set_of(int first, int second)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, first);
    sigaddset(&set, second);
    return set;
}

static void change_mask(int how, const sigset_t *set, sigset_t *before)
{
    if (sigprocmask(how, set, before) == -1)
        fail("sigprocmask");
}

static void set_action(int number, const struct sigaction *action, struct sigaction *before)
{
    if (sigaction(number, action, before) == -1)
        fail("sigaction");
}

/* -- handlers ------------------------------------------------------------------------------------ */

/* How often each signal has been delivered. */
static volatile sig_atomic_t caught_usr1, caught_usr2;

/* All that a handler has to do here: whatever takes longer is done outside, where every function may be called. */
static void on_signal(int number)
{
    if (number == SIGUSR1)
        caught_usr1++;
    else
        caught_usr2++;
}

/* SA_RESTART: a read or write that the handler interrupts goes on afterwards, also those inside of stdio. */
static void catch_signal(int number)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

    sigemptyset(&action.sa_mask);
    set_action(number, &action, NULL);
}

/* -- what exec keeps ----------------------------------------------------------------------------- */

/* Becomes the command; if that cannot be, says why and ends as a shell would. */
static _Noreturn void become(char *argv[])
{
    execvp(argv[0], argv);
    int status = errno == ENOENT ? NOT_FOUND : NOT_EXECUTABLE;
    fprintf(stderr, "signal_basics: %s: %s\n", argv[0], strerror(errno));
    _exit(status);
}

static _Noreturn void ignore_and_become(int number, char *argv[])
{
    struct sigaction action = {.sa_handler = SIG_IGN};

    sigemptyset(&action.sa_mask);
    set_action(number, &action, NULL);
    become(argv);
}

static _Noreturn void block_and_become(int number, char *argv[])
{
    sigset_t set = set_of(number, number);

    change_mask(SIG_BLOCK, &set, NULL); /* beside those that are blocked already */
    become(argv);
}

/* -- what fork and exec keep --------------------------------------------------------------------- */

static int exit_status(int status)
{
    return WIFSIGNALED(status) ? KILLED + WTERMSIG(status) : WEXITSTATUS(status);
}

static int run(char *argv[])
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction interrupt, quit;
    int status;

    /* Before fork, so that there is no moment at which Ctrl-C could end us but not the command. */
    sigemptyset(&ignore.sa_mask);
    set_action(SIGINT, &ignore, &interrupt);
    set_action(SIGQUIT, &ignore, &quit);

    pid_t pid = fork();
    if (pid == -1)
        fail("fork");
    if (pid == 0) {
        /* fork has copied our dispositions, and exec would keep what is ignored. The command gets what we
         * got, which need not be the default. */
        set_action(SIGINT, &interrupt, NULL);
        set_action(SIGQUIT, &quit, NULL);
        become(argv);
    }

    while (waitpid(pid, &status, 0) == -1) {
        if (errno != EINTR)
            fail("waitpid");
    }
    return exit_status(status);
}

/* -- catching ------------------------------------------------------------------------------------ */

static int count(void)
{
    char *line = NULL;
    size_t size = 0;

    catch_signal(SIGUSR1);
    printf("ready\n");
    while (getline(&line, &size, stdin) != -1)
        printf("SIGUSR1: %d\n", (int)caught_usr1);
    free(line);
    return EXIT_SUCCESS;
}

/* -- blocking ------------------------------------------------------------------------------------ */

static void tell_pending(void)
{
    sigset_t pending;

    if (sigpending(&pending) == -1)
        fail("sigpending");
    int usr1 = sigismember(&pending, SIGUSR1);
    int usr2 = sigismember(&pending, SIGUSR2);
    printf("pending:%s%s%s\n", usr1 ? " SIGUSR1" : "", usr2 ? " SIGUSR2" : "", usr1 || usr2 ? "" : " none");
}

/* Whatever is pending is delivered before the first call has returned. */
static void let_in(const sigset_t *held)
{
    caught_usr1 = caught_usr2 = 0;
    change_mask(SIG_UNBLOCK, held, NULL);
    change_mask(SIG_BLOCK, held, NULL);
    printf("delivered: SIGUSR1 %d, SIGUSR2 %d\n", (int)caught_usr1, (int)caught_usr2);
}

static int hold(void)
{
    sigset_t held = set_of(SIGUSR1, SIGUSR2);
    char *line = NULL;
    size_t size = 0;

    catch_signal(SIGUSR1);
    catch_signal(SIGUSR2);
    printf("holding\n");
    change_mask(SIG_BLOCK, &held, NULL);
    while (getline(&line, &size, stdin) != -1) {
        if (strcmp(line, "pending\n") == 0)
            tell_pending();
        else if (strcmp(line, "release\n") == 0)
            let_in(&held);
    }
    free(line);
    return EXIT_SUCCESS;
}

/* -- waiting ------------------------------------------------------------------------------------- */

static int wait_for_signals(int times)
{
    sigset_t waited_for = set_of(SIGUSR1, SIGUSR1);
    sigset_t asleep;

    /* Blocked from here on: one that comes too early stays pending until we are ready for it. */
    change_mask(SIG_BLOCK, &waited_for, &asleep);
    sigdelset(&asleep, SIGUSR1);
    catch_signal(SIGUSR1);

    for (int i = 0; i < times; i++) {
        caught_usr1 = 0;
        printf("waiting\n");
        /* Unblocks, sleeps, and blocks again, all in one: there is no moment in between. */
        while (caught_usr1 == 0)
            sigsuspend(&asleep);
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
        ignore_and_become(signal_number(argv[2]), argv + 3);
    if (strcmp(what, "block") == 0 && argc > 3)
        block_and_become(signal_number(argv[2]), argv + 3);
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
