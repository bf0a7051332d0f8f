/* reaper with signalfd: SIGCHLD is never delivered, it is read. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const names[] = {
    [SIGHUP] = "SIGHUP",   [SIGINT] = "SIGINT",   [SIGQUIT] = "SIGQUIT", [SIGILL] = "SIGILL",   [SIGTRAP] = "SIGTRAP",
    [SIGABRT] = "SIGABRT", [SIGBUS] = "SIGBUS",   [SIGFPE] = "SIGFPE",   [SIGKILL] = "SIGKILL", [SIGUSR1] = "SIGUSR1",
    [SIGSEGV] = "SIGSEGV", [SIGUSR2] = "SIGUSR2", [SIGPIPE] = "SIGPIPE", [SIGALRM] = "SIGALRM", [SIGTERM] = "SIGTERM",
    [SIGXCPU] = "SIGXCPU", [SIGXFSZ] = "SIGXFSZ", [SIGSYS] = "SIGSYS",
};

static int running;
static int result = EXIT_SUCCESS;

static void die(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static void tell(pid_t pid, int status)
{
    int number = WTERMSIG(status);

    running--;
    if (status != 0)
        result = EXIT_FAILURE;
    if (WIFEXITED(status))
        printf("pid %d: exited with %d\n", pid, WEXITSTATUS(status));
    else if (number < (int)(sizeof names / sizeof *names) && names[number] != NULL)
        printf("pid %d: killed by %s\n", pid, names[number]);
    else
        printf("pid %d: killed by signal %d\n", pid, number);
}

/* Runs one command after a fork of its own; an empty one is impossible here. */
static int run(char *argv[], const sigset_t *mask)
{
    fflush(stdout);
    pid_t pid = fork();

    if (pid == -1) {
        perror("reaper: fork");
        result = EXIT_FAILURE;
        return 0;
    }
    if (pid == 0) {
        sigprocmask(SIG_UNBLOCK, mask, NULL);
        if (freopen("/dev/null", "r", stdin) == NULL)
            _exit(126);
        execvp(argv[0], argv);
        int status = errno == ENOENT ? 127 : 126;
        fprintf(stderr, "reaper: %s: %s\n", argv[0], strerror(errno));
        _exit(status);
    }
    printf("pid %d: started %s\n", pid, argv[0]);
    running++;
    return 1;
}

int main(int argc, char *argv[])
{
    int first = 1, commands = 0;
    char **heads[argc];

    for (int i = 1; i <= argc; i++) {
        if (i < argc && strcmp(argv[i], "--") != 0)
            continue;
        if (i == first) {
            fprintf(stderr, "usage: reaper COMMAND [ARGUMENT...] [-- COMMAND [ARGUMENT...]]...\n");
            return 2;
        }
        argv[i] = NULL;
        heads[commands++] = argv + first;
        first = i + 1;
    }

    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    int signals = signalfd(-1, &child, SFD_CLOEXEC);
    int queue = epoll_create1(EPOLL_CLOEXEC);
    if (signals == -1 || queue == -1)
        die("reaper");
    epoll_ctl(queue, EPOLL_CTL_ADD, signals, &(struct epoll_event){.events = EPOLLIN, .data.fd = signals});
    int input = epoll_ctl(queue, EPOLL_CTL_ADD, STDIN_FILENO, &(struct epoll_event){.events = EPOLLIN}) == 0;
    (void)input; /* a regular file cannot be waited for, and has nothing to say */

    for (int i = 0; i < commands && run(heads[i], &child); i++)
        ;

    while (running > 0) {
        struct epoll_event event;
        fflush(stdout);
        if (epoll_wait(queue, &event, 1, -1) != 1) {
            if (errno == EINTR)
                continue;
            die("reaper: epoll_wait");
        }
        if (event.data.fd == signals) {
            struct signalfd_siginfo info;
            int status;
            pid_t pid;
            if (read(signals, &info, sizeof info) != sizeof info)
                die("reaper: signalfd");
            while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
                tell(pid, status);
        } else {
            char text[256];
            ssize_t n = read(STDIN_FILENO, text, sizeof text);
            if (n <= 0)
                epoll_ctl(queue, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
            for (ssize_t i = 0; i < n; i++)
                if (text[i] == '\n')
                    printf("running: %d\n", running);
        }
    }
    return result;
}
