/* server: the signals are always blocked and are read from a signalfd; the kernel copies files, with sendfile. */

#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
    const char *path;
    char title[500];
} config;
static sigset_t before;
static unsigned served;
static int signals;

static int load(void)
{
    char *line = NULL;
    size_t size = 0;
    FILE *file = fopen(config.path, "r");
    int ok = file != NULL && getline(&line, &size, file) > 0;

    if (ok) {
        line[strcspn(line, "\n")] = '\0';
        snprintf(config.title, sizeof config.title, "%s", line);
    } else {
        fprintf(stderr, "cannot read a title from %s\n", config.path);
    }
    if (file != NULL)
        fclose(file);
    free(line);
    return ok;
}

/* Returns 1 if it is time to end. */
static int take_signals(void)
{
    struct signalfd_siginfo info;

    while (read(signals, &info, sizeof info) == sizeof info) {
        switch (info.ssi_signo) {
        case SIGHUP:
            if (load())
                dprintf(1, "reloaded: %s\n", config.title);
            break;
        case SIGUSR1:
            dprintf(1, "served: %u\n", served);
            break;
        default:
            return 1;
        }
    }
    return 0;
}

static void get(const char *name)
{
    struct stat status;
    int fd = open(name, O_RDONLY);

    if (fd == -1 || fstat(fd, &status) == -1) {
        dprintf(1, "%s: %s\n", name, strerror(errno));
        return;
    }
    dprintf(1, "%s: %jd\n", name, (intmax_t)status.st_size);
    for (off_t left = status.st_size; left > 0;) {
        ssize_t sent = sendfile(1, fd, NULL, (size_t)left);
        if (sent <= 0)
            break;
        left -= sent;
    }
    close(fd);
}

static void run(const char *command)
{
    int status;
    pid_t pid = vfork();

    if (pid == 0) {
        close(0);
        open("/dev/null", O_RDONLY);
        sigprocmask(SIG_SETMASK, &before, NULL);
        execlp("sh", "sh", "-c", command, NULL);
        _exit(126);
    }
    waitpid(pid, &status, 0);
    dprintf(1, "status: %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static void serve(const char *request)
{
    served++;
    if (strncmp(request, "say ", 4) == 0)
        dprintf(1, "%s: %s\n", config.title, request + 4);
    else if (strncmp(request, "get ", 4) == 0)
        get(request + 4);
    else if (strncmp(request, "run ", 4) == 0)
        run(request + 4);
    else
        dprintf(1, "what?\n");
}

int main(int argc, char *argv[])
{
    sigset_t ours;
    char request[4096];
    size_t length = 0;

    if (argc != 2) {
        fprintf(stderr, "usage: %s CONFIG\n", argv[0]);
        return 2;
    }
    config.path = argv[1];
    if (!load())
        return 1;
    sigemptyset(&ours);
    sigaddset(&ours, SIGTERM);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGHUP);
    sigaddset(&ours, SIGUSR1);
    sigprocmask(SIG_BLOCK, &ours, &before);
    signals = signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);

    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = signals};
    epoll_ctl(epoll, EPOLL_CTL_ADD, signals, &event);
    event.data.fd = 0;
    epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &event);

    dprintf(1, "ready: %s\n", config.title);
    while (!take_signals()) {
        /* It fails with EINTR even without handlers: when it was stopped and continued. */
        if (epoll_wait(epoll, &event, 1, -1) != 1 || event.data.fd != 0)
            continue;

        /* One byte for each turn: so there is nothing in a buffer that epoll would not know of. */
        char byte;
        if (read(0, &byte, 1) != 1)
            break;
        if (byte != '\n') {
            if (length < sizeof request - 1)
                request[length++] = byte;
            continue;
        }
        request[length] = '\0';
        length = 0;
        serve(request);
    }
    dprintf(1, "bye: %u\n", served);
    return 0;
}
