/*
 * signal_basics that accepts signals synchronously (sigwait, sigtimedwait), with a single handler that can run in
 * ppoll only, and a parent that blocks what it must survive.
 */
#define _GNU_SOURCE

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int usr1_count;

static void on_usr1(int number)
{
    (void)number;
    usr1_count++;
}

static sigset_t two(int a, int b)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, a);
    sigaddset(&set, b);
    return set;
}

static int number_of(const char *name)
{
    static const char *const names[] = {"HUP", "INT", "QUIT", "TERM", "USR1", "USR2"};
    static const int numbers[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};

    for (int i = 0; i < 6; i++)
        if (strncmp(name, "SIG", 3) == 0 && strcmp(name + 3, names[i]) == 0)
            return numbers[i];
    errx(2, "no such signal: %s", name);
}

static void replace(char **argv)
{
    execvp(argv[0], argv);
    warn("%s", argv[0]);
    _exit(errno == ENOENT ? 127 : 126);
}

static int do_run(char **argv)
{
    sigset_t interrupts = two(SIGINT, SIGQUIT), before;
    int status;

    /* They stay pending with us for good. The child does not inherit what is pending. */
    sigprocmask(SIG_BLOCK, &interrupts, &before);
    switch (fork()) {
    case -1:
        err(1, "fork");
    case 0:
        sigprocmask(SIG_SETMASK, &before, NULL);
        replace(argv);
    }
    while (wait(&status) == -1)
        ;
    return WIFSIGNALED(status) ? WTERMSIG(status) + 128 : WEXITSTATUS(status);
}

static int do_count(void)
{
    sigset_t usr1 = two(SIGUSR1, SIGUSR1), open;
    struct pollfd in = {.fd = 0, .events = POLLIN};
    char byte;

    sigprocmask(SIG_BLOCK, &usr1, &open);
    sigdelset(&open, SIGUSR1);
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = on_usr1}, NULL);
    puts("ready");
    for (;;) {
        fflush(stdout);
        if (ppoll(&in, 1, NULL, &open) == -1)
            continue;
        if (read(0, &byte, 1) != 1)
            return 0;
        if (byte == '\n')
            printf("SIGUSR1: %d\n", usr1_count);
    }
}

static int do_hold(void)
{
    sigset_t both = two(SIGUSR1, SIGUSR2);
    char *line = NULL;
    size_t size = 0;

    sigprocmask(SIG_BLOCK, &both, NULL);
    puts("holding");
    fflush(stdout);
    while (getline(&line, &size, stdin) > 0) {
        if (strcasecmp(line, "pending\n") == 0) {
            sigset_t set;
            sigpending(&set);
            int first = sigismember(&set, SIGUSR1), second = sigismember(&set, SIGUSR2);
            printf("pending: %s\n", first && second ? "SIGUSR1 SIGUSR2"
                                    : first         ? "SIGUSR1"
                                    : second        ? "SIGUSR2"
                                                    : "none");
        } else {
            int times[65] = {0}, number;
            while ((number = sigtimedwait(&both, NULL, &(struct timespec){0})) > 0)
                times[number]++;
            printf("delivered: SIGUSR1 %d, SIGUSR2 %d\n", times[SIGUSR1], times[SIGUSR2]);
        }
        fflush(stdout);
    }
    free(line);
    return 0;
}

static int do_wait(int rounds)
{
    sigset_t usr1 = two(SIGUSR1, SIGUSR1);
    int number;

    sigprocmask(SIG_BLOCK, &usr1, NULL);
    while (rounds-- > 0) {
        puts("waiting");
        fflush(stdout);
        sigwait(&usr1, &number);
        puts("woken");
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 3 && strcmp(argv[1], "ignore") == 0) {
        sigaction(number_of(argv[2]), &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
        replace(argv + 3);
    }
    if (argc > 3 && strcmp(argv[1], "block") == 0) {
        sigset_t set = two(number_of(argv[2]), number_of(argv[2]));
        sigprocmask(SIG_BLOCK, &set, NULL);
        replace(argv + 3);
    }
    if (argc > 2 && strcmp(argv[1], "run") == 0)
        return do_run(argv + 2);
    if (argc == 2 && strcmp(argv[1], "count") == 0)
        return do_count();
    if (argc == 2 && strcmp(argv[1], "hold") == 0)
        return do_hold();
    if (argc == 3 && strcmp(argv[1], "wait") == 0)
        return do_wait(atoi(argv[2]));
    errx(2, "usage: signal_basics ignore|block SIGNAL COMMAND... | run COMMAND... | count | hold | wait N");
}
