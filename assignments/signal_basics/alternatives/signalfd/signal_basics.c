/*
 * signal_basics with descriptors instead of handlers where that is possible (signalfd), with an interrupted read
 * where it is not, and with posix_spawn instead of fork.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static volatile sig_atomic_t count;

static void handler(int sig)
{
    if (sig == SIGUSR1)
        ++count;
}

static void check(int result, const char *what)
{
    if (result == -1) {
        perror(what);
        exit(1);
    }
}

static int parse(const char *name)
{
    for (int number = 1; number < 32; number++) {
        const char *abbreviation = sigabbrev_np(number);
        if (strncmp(name, "SIG", 3) == 0 && abbreviation != NULL && strcmp(name + 3, abbreviation) == 0)
            return number;
    }
    fprintf(stderr, "unknown signal: %s\n", name);
    exit(2);
}

static int execute(char **argv)
{
    execvp(*argv, argv);
    perror(*argv);
    return errno == ENOENT ? 127 : 126;
}

static int ignore_signal(char **words)
{
    if (signal(parse(words[0]), SIG_IGN) == SIG_ERR)
        check(-1, "signal");
    return execute(words + 1);
}

static int block_signal(char **words)
{
    sigset_t mask;

    check(sigprocmask(SIG_BLOCK, NULL, &mask), "sigprocmask");
    check(sigaddset(&mask, parse(words[0])), "sigaddset");
    check(sigprocmask(SIG_SETMASK, &mask, NULL), "sigprocmask");
    return execute(words + 1);
}

static int run_command(char **words)
{
    static const int shielded[] = {SIGINT, SIGQUIT};

    /* A handler that does nothing shields us as well as SIG_IGN does, and exec forgets it by itself. What is
     * ignored already needs no shield, and must stay ignored. */
    for (int i = 0; i < 2; i++) {
        struct sigaction old;
        check(sigaction(shielded[i], NULL, &old), "sigaction");
        if (old.sa_handler != SIG_IGN)
            check(sigaction(shielded[i], &(struct sigaction){.sa_handler = handler}, NULL), "sigaction");
    }

    pid_t pid;
    int error = posix_spawnp(&pid, words[0], NULL, NULL, words, environ);
    if (error != 0) {
        fprintf(stderr, "%s: %s\n", words[0], strerror(error));
        return error == ENOENT ? 127 : 126;
    }
    int status;
    while (waitpid(pid, &status, 0) == -1)
        if (errno != EINTR)
            check(-1, "waitpid");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int count_signals(void)
{
    struct sigaction action = {.sa_handler = handler};
    char bytes[256];
    ssize_t n;

    check(sigaction(SIGUSR1, &action, NULL), "sigaction");
    dprintf(1, "ready\n");
    while ((n = read(0, bytes, sizeof bytes)) != 0) {
        if (n == -1 && errno == EINTR)
            continue;
        check(n == -1 ? -1 : 0, "read");
        for (char *p = bytes; (p = memchr(p, '\n', bytes + n - p)) != NULL; p++)
            dprintf(1, "SIGUSR1: %d\n", (int)count);
    }
    return 0;
}

/* Blocks the signals and returns a descriptor from which they can be read. */
static int open_signals(int first, int second, int flags)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, first);
    sigaddset(&set, second);
    check(sigprocmask(SIG_BLOCK, &set, NULL), "sigprocmask");
    int descriptor = signalfd(-1, &set, SFD_CLOEXEC | flags);
    check(descriptor, "signalfd");
    return descriptor;
}

static int hold(void)
{
    int signals = open_signals(SIGUSR1, SIGUSR2, SFD_NONBLOCK);
    char line[64];

    puts("holding");
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (line[0] == 'p') {
            sigset_t set;
            sigpending(&set);
            fputs("pending:", stdout);
            if (!sigismember(&set, SIGUSR1) && !sigismember(&set, SIGUSR2))
                fputs(" none", stdout);
            if (sigismember(&set, SIGUSR1))
                fputs(" SIGUSR1", stdout);
            if (sigismember(&set, SIGUSR2))
                fputs(" SIGUSR2", stdout);
            putchar('\n');
        } else {
            struct signalfd_siginfo info;
            int numbers[2] = {0, 0};
            while (read(signals, &info, sizeof info) == sizeof info)
                numbers[info.ssi_signo == SIGUSR2]++;
            printf("delivered: SIGUSR1 %d, SIGUSR2 %d\n", numbers[0], numbers[1]);
        }
        fflush(stdout);
    }
    return 0;
}

static int wait_for(const char *number)
{
    int signals = open_signals(SIGUSR1, SIGUSR1, 0);

    for (int left = atoi(number); left > 0; left--) {
        struct signalfd_siginfo info;
        puts("waiting");
        while (read(signals, &info, sizeof info) != sizeof info)
            ;
        puts("woken");
    }
    return 0;
}

int main(int argc, char **argv)
{
    setlinebuf(stdout);
    if (argc >= 4 && !strcmp(argv[1], "ignore"))
        return ignore_signal(argv + 2);
    if (argc >= 4 && !strcmp(argv[1], "block"))
        return block_signal(argv + 2);
    if (argc >= 3 && !strcmp(argv[1], "run"))
        return run_command(argv + 2);
    if (argc == 2 && !strcmp(argv[1], "count"))
        return count_signals();
    if (argc == 2 && !strcmp(argv[1], "hold"))
        return hold();
    if (argc == 3 && !strcmp(argv[1], "wait") && atoi(argv[2]) > 0)
        return wait_for(argv[2]);
    fprintf(stderr, "usage: %s ignore|block|run|count|hold|wait ...\n", argv[0]);
    return 2;
}
