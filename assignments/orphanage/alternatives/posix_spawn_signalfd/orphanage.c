/*
 * orphanage whose middle process prepares everything in itself and then spawns the daemon: posix_spawnp says at
 * once whether exec has succeeded. The result comes home through shared memory. Signals are read from a signalfd.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

struct outcome {
    pid_t pid;
    int error;
};

static pid_t daemons[1024];
static int count;

static void usage(void)
{
    fputs("usage: orphanage COMMAND [ARGUMENT...] [-- COMMAND [ARGUMENT...]]...\n", stderr);
    exit(2);
}

static int spawn_daemon(char *argv[], pid_t *pid)
{
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    sigset_t all, none;

    setsid();
    umask(0);
    if (chdir("/") == -1)
        return errno;
    close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawn_file_actions_init(&actions);
    for (int fd = 0; fd < 3; fd++)
        posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
    return posix_spawnp(pid, argv[0], &actions, &attributes, argv, environ);
}

static int start(char *argv[], volatile struct outcome *outcome)
{
    outcome->pid = 0;
    outcome->error = 0;
    fflush(stdout);
    pid_t middle = fork();
    if (middle == 0) {
        pid_t pid = 0;
        outcome->error = spawn_daemon(argv, &pid);
        outcome->pid = pid;
        _exit(0);
    }
    if (middle == -1)
        outcome->error = errno;
    else
        waitpid(middle, NULL, 0);
    if (outcome->error != 0) {
        fprintf(stderr, "orphanage: %s: %s\n", argv[0], strerror(outcome->error));
        return 1;
    }
    daemons[count++] = outcome->pid;
    printf("%d: started %s\n", (int)outcome->pid, argv[0]);
    fflush(stdout);
    return 0;
}

static int *find(pid_t pid)
{
    for (int i = 0; i < count; i++) {
        if (daemons[i] == pid)
            return &daemons[i];
    }
    return NULL;
}

int main(int argc, char *argv[])
{
    int failed = 0, first = 1;
    sigset_t set;

    if (argc < 2 || strcmp(argv[1], "--") == 0 || strcmp(argv[argc - 1], "--") == 0)
        usage();
    for (int i = 1; i + 1 < argc; i++) {
        if (strcmp(argv[i], "--") == 0 && strcmp(argv[i + 1], "--") == 0)
            usage();
    }

    struct outcome *outcome = mmap(NULL, sizeof *outcome, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int signals = signalfd(-1, &set, 0); /* close_range sees to it in the daemons */
    if (outcome == MAP_FAILED || signals == -1 || prctl(PR_SET_CHILD_SUBREAPER, 1) == -1) {
        perror("orphanage");
        return 1;
    }

    for (int i = 1; i <= argc; i++) {
        if (i == argc || strcmp(argv[i], "--") == 0) {
            argv[i] = NULL;
            failed |= start(argv + first, outcome);
            first = i + 1;
        }
    }

    for (;;) {
        struct signalfd_siginfo info;
        int status;
        pid_t pid;

        while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
            pid_t *known = find(pid);
            printf("%d: %s", (int)pid, known != NULL ? "" : "stray, ");
            if (WIFEXITED(status))
                printf("exited with %d\n", WEXITSTATUS(status));
            else
                printf("killed by SIG%s\n", sigabbrev_np(WTERMSIG(status)));
            fflush(stdout);
            if (known != NULL)
                *known = 0;
        }
        if (pid == -1)
            return failed;
        if (read(signals, &info, sizeof info) == sizeof info && info.ssi_signo != SIGCHLD) {
            for (int i = 0; i < count; i++) {
                if (daemons[i] != 0)
                    kill(daemons[i], SIGTERM);
            }
        }
    }
}
