/*
 * orphanage - starts commands as daemons, adopts them, and stays until the last of them has ended
 *
 *     ./orphanage COMMAND [ARGUMENT...] [-- COMMAND [ARGUMENT...]]...
 *
 * Exit status: 0 if every command could be started, 1 if one could not, 2 for a usage error.
 */

#define _GNU_SOURCE /* pipe2, close_range, sigabbrev_np */

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    SOME_NOT_STARTED = 1,
    USAGE_ERROR = 2,
};

/* The daemons that were started. A pid becomes 0 once it has been reaped: it may soon belong to somebody else. */
struct house {
    pid_t *pids;
    int count;
};

/* What a start comes to: the daemon's pid, and the errno of what failed, or 0. */
struct news {
    pid_t pid;
    int error;
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

/* Sends news home. They are shorter than PIPE_BUF: a write of so few bytes is all or nothing. */
static void tell(int home, pid_t pid, int error)
{
    struct news news = {.pid = pid, .error = error};

    if (write(home, &news, sizeof news) != sizeof news)
        _exit(EXIT_FAILURE);
}

/* Makes /dev/null of standard input, output and error. */
static int open_nothing(void)
{
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (nothing == -1)
        return -1;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (dup2(nothing, fd) == -1)
            return -1;
    }
    return 0;
}

/*
 * Every signal as it is at the beginning of all things: no handler, none ignored, none blocked.
 * exec resets handlers, but keeps what is ignored and what is blocked.
 */
static void reset_signals(void)
{
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL); /* fails for SIGKILL and SIGSTOP, which cannot be anything else */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The daemon's part: lets go of all that it inherited and becomes the command. */
static _Noreturn void become(char *argv[], int home)
{
    reset_signals();
    umask(0);
    /*
     * Everything above 2 is closed, whoever opened it, and by exec itself: that way `home` is open just
     * until the command runs. If exec fails, it is still there to tell why.
     */
    if (chdir("/") == 0 && open_nothing() == 0 && close_range(STDERR_FILENO + 1, 63, CLOSE_RANGE_CLOEXEC) == 0)
        execvp(argv[0], argv);
    tell(home, 0, errno);
    _exit(EXIT_FAILURE);
}

/*
 * The middle process: makes a session of its own, has the daemon in it, and ends. The daemon lives on
 * in a session that has no leader, so that no terminal can ever become its controlling terminal.
 */
static _Noreturn void middle(char *argv[], int home)
{
    if (setsid() == -1) {
        tell(home, 0, errno);
        _exit(EXIT_FAILURE);
    }

    pid_t pid = fork();

    if (pid == 0)
        become(argv, home);
    tell(home, pid, pid == -1 ? errno : 0);
    _exit(EXIT_SUCCESS);
}

/*
 * Listens until nobody is left who could tell anything: the middle process has ended, and the daemon
 * has executed its command, which closes its end of the pipe.
 */
static struct news listen_to(int home)
{
    struct news all = {.pid = 0, .error = 0};
    struct news news;
    ssize_t count;

    while ((count = read(home, &news, sizeof news)) != 0) {
        if (count == -1 && errno != EINTR)
            return (struct news){.error = errno};
        if (count > 0 && news.pid > 0)
            all.pid = news.pid;
        if (count > 0 && news.error != 0)
            all.error = news.error;
    }
    return all;
}

/* Waits for one child, however often a signal interrupts. */
static void wait_for(pid_t pid)
{
    while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
        continue;
}

/* Starts a command as a daemon. Returns its pid, or 0 and says why there is none. */
static pid_t start(char *argv[])
{
    struct news news = {.pid = 0, .error = 0};
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) == -1) {
        fprintf(stderr, "orphanage: %s: %s\n", argv[0], strerror(errno));
        return 0;
    }

    pid_t pid = fork();

    if (pid == 0)
        middle(argv, ends[1]);
    if (pid == -1)
        news.error = errno;
    close(ends[1]); /* or listening would never end */
    if (pid > 0) {
        news = listen_to(ends[0]);
        wait_for(pid);
    }
    close(ends[0]);

    if (news.error == 0 && news.pid > 0) {
        printf("%d: started %s\n", (int)news.pid, argv[0]);
        return news.pid;
    }
    fprintf(stderr, "orphanage: %s: %s\n", argv[0], news.error != 0 ? strerror(news.error) : "not started");
    if (news.pid > 0)
        wait_for(news.pid); /* it could not become the command; by now it is our child */
    return 0;
}

/* Starts all commands; returns false if one could not be started. */
static bool start_all(char **commands[], int count, struct house *house)
{
    bool all_well = true;

    for (int i = 0; i < count; i++) {
        pid_t pid = start(commands[i]);

        if (pid > 0)
            house->pids[house->count++] = pid;
        else
            all_well = false;
    }
    return all_well;
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

/* Strikes a daemon off the list; returns false if there is none of that pid. */
static bool strike_off(struct house *house, pid_t pid)
{
    for (int i = 0; i < house->count; i++) {
        if (house->pids[i] == pid) {
            house->pids[i] = 0;
            return true;
        }
    }
    return false;
}

static void report(struct house *house, pid_t pid, int status)
{
    const char *stray = strike_off(house, pid) ? "" : "stray, ";

    if (WIFSIGNALED(status))
        printf("%d: %skilled by %s\n", (int)pid, stray, signal_name(WTERMSIG(status)));
    else
        printf("%d: %sexited with %d\n", (int)pid, stray, WEXITSTATUS(status));
}

/* Reports every child that has ended by now; returns false if there is none left at all. */
static bool reap(struct house *house)
{
    pid_t pid;
    int status;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        report(house, pid, status);
    return pid == 0;
}

static void terminate_all(const struct house *house)
{
    for (int i = 0; i < house->count; i++) {
        if (house->pids[i] > 0)
            kill(house->pids[i], SIGTERM);
    }
}

/*
 * Stays until no child is left, be it a daemon or what a daemon has left behind. `awaited` are blocked:
 * they are taken here, one at a time, and none can come between the last look and falling asleep.
 */
static void keep(struct house *house, const sigset_t *awaited)
{
    while (reap(house)) {
        int number = sigwaitinfo(awaited, NULL);

        if (number == SIGTERM || number == SIGINT)
            terminate_all(house);
    }
}

int main(int argc, char *argv[])
{
    char ***commands = calloc((size_t)argc, sizeof *commands);
    struct house house = {.pids = calloc((size_t)argc, sizeof *house.pids), .count = 0};
    int status = EXIT_SUCCESS;
    sigset_t awaited;

    if (commands == NULL || house.pids == NULL) {
        perror("orphanage");
        return SOME_NOT_STARTED;
    }
    setvbuf(stdout, NULL, _IOLBF, 0); /* each line at once, into a pipe as well */
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGCHLD);
    sigaddset(&awaited, SIGTERM);
    sigaddset(&awaited, SIGINT);

    int count = split_commands(argv + 1, commands);

    if (count == 0) {
        fprintf(stderr, "usage: orphanage COMMAND [ARGUMENT...] [-- COMMAND [ARGUMENT...]]...\n");
        status = USAGE_ERROR;
    } else if (sigprocmask(SIG_BLOCK, &awaited, NULL) == -1 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == -1) {
        perror("orphanage");
        status = SOME_NOT_STARTED;
    } else {
        if (!start_all(commands, count, &house))
            status = SOME_NOT_STARTED;
        keep(&house, &awaited);
    }

    free(house.pids);
    free(commands);
    return status;
}
