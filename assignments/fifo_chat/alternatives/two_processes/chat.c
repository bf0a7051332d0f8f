/*
 * chat: the server sits in epoll, with a signalfd and every member's write end, so it notices at once who has gone.
 * The client is two processes: a child that talks and the parent that listens and tidies up.
 */

#define _GNU_SOURCE

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static bool nobody_reads(const char *path)
{
    struct stat status;
    int fd = -1;

    if (lstat(path, &status) == 0 && S_ISFIFO(status.st_mode))
        fd = open(path, O_WRONLY | O_NONBLOCK);
    else
        return false;
    if (fd >= 0)
        close(fd);
    return fd == -1 && errno == ENXIO;
}

static void make_fifo(const char *path, mode_t mode)
{
    if (nobody_reads(path))
        unlink(path);
    if (mkfifo(path, mode) == -1)
        err(1, "%s", path);
    chmod(path, mode);
}

/* -- the server -- */

struct member {
    struct member *next;
    int fd;
    char name[64];
};

static struct member *members;
static const char *room;
static int epoll;

static void broadcast(const char *what, const char *name, const char *text)
{
    char line[6000];
    int length = text == NULL ? snprintf(line, sizeof line, "* %s %s\n", name, what)
                              : snprintf(line, sizeof line, "%s: %s\n", name, text);

    write(STDOUT_FILENO, line, (size_t)length);
    for (struct member *member = members; member != NULL; member = member->next)
        write(member->fd, line, (size_t)length); /* who has gone is told by epoll, who is slow misses it */
}

static void discharge(struct member *member)
{
    for (struct member **place = &members; *place != NULL; place = &(*place)->next) {
        if (*place == member) {
            *place = member->next;
            close(member->fd);
            broadcast("leaves", member->name, NULL);
            free(member);
            return;
        }
    }
}

static struct member *named(const char *name)
{
    struct member *member = members;

    while (member != NULL && strcmp(member->name, name) != 0)
        member = member->next;
    return member;
}

static void admit(const char *name)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s.%s", room, name);
    int fd = open(path, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    if (fd == -1) {
        warn("%s", path);
        return;
    }
    if (named(name) != NULL)
        discharge(named(name));

    struct member *member = calloc(1, sizeof *member);
    if (member == NULL)
        err(1, "calloc");
    member->fd = fd;
    member->next = members;
    strncpy(member->name, name, sizeof member->name - 1);
    members = member;

    struct epoll_event event = {.events = 0, .data.ptr = member}; /* EPOLLERR comes unasked */
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    broadcast("joins", name, NULL);
}

static void obey(char *request)
{
    char *name = strchr(request, ' ');
    if (name == NULL)
        return;
    *name++ = '\0';
    char *text = strchr(name, ' ');
    if (text != NULL)
        *text++ = '\0';

    struct member *member = named(name);
    if (strcmp(request, "join") == 0)
        admit(name);
    else if (member != NULL && strcmp(request, "leave") == 0)
        discharge(member);
    else if (member != NULL && strcmp(request, "say") == 0 && text != NULL)
        broadcast(NULL, name, text);
}

/* One byte at a time is slow, and right. */
static void take_request(int fd)
{
    static char request[8192];
    static size_t used;
    char byte;

    while (read(fd, &byte, 1) == 1) {
        if (byte != '\n') {
            if (used < sizeof request - 1)
                request[used++] = byte;
            continue;
        }
        request[used] = '\0';
        used = 0;
        obey(request);
        return;
    }
}

static int serve(mode_t mode, const char *command)
{
    sigset_t ends;

    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    int signals = signalfd(-1, &ends, SFD_CLOEXEC);

    make_fifo(room, mode);
    int requests = open(room, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (requests == -1)
        err(1, "%s", room);
    if (command != NULL)
        system(command);

    epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event on_signal = {.events = EPOLLIN, .data.ptr = &signals};
    struct epoll_event on_request = {.events = EPOLLIN, .data.ptr = &requests};
    epoll_ctl(epoll, EPOLL_CTL_ADD, signals, &on_signal);
    epoll_ctl(epoll, EPOLL_CTL_ADD, requests, &on_request);
    for (;;) {
        struct epoll_event event;

        if (epoll_wait(epoll, &event, 1, -1) != 1)
            continue;
        if (event.data.ptr == &signals)
            break;
        if (event.data.ptr == &requests)
            take_request(requests);
        else
            discharge(event.data.ptr);
    }
    unlink(room);
    return 0;
}

/* -- the client -- */

static bool ask(int fd, const char *verb, const char *name, const char *text)
{
    char request[6000];
    int length = snprintf(request, sizeof request, "%s %s%s\n", verb, name, text);

    return write(fd, request, (size_t)length) == length;
}

/* SIGTERM from the parent ends us, but not any more when we are leaving: so our status tells which it was. */
static _Noreturn void talk(int fd, const char *name)
{
    char line[6000] = " ";
    sigset_t end;

    while (fgets(line + 1, sizeof line - 1, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (!ask(fd, "say", name, line))
            _exit(1);
    }
    sigemptyset(&end);
    sigaddset(&end, SIGTERM);
    sigprocmask(SIG_BLOCK, &end, NULL);
    _exit(ask(fd, "leave", name, "") ? 0 : 1);
}

static int join(const char *name)
{
    char path[PATH_MAX], bytes[4096];
    struct stat status;
    ssize_t count;
    int end;

    signal(SIGPIPE, SIG_IGN);
    int fd = open(room, O_WRONLY | O_NONBLOCK);
    if (fd == -1)
        err(1, "%s", room);
    if (fstat(fd, &status) == -1 || !S_ISFIFO(status.st_mode))
        errx(1, "%s is not a room", room);
    fcntl(fd, F_SETFL, 0);

    snprintf(path, sizeof path, "%s.%s", room, name);
    make_fifo(path, 0600);

    /* Open both ways first, which does not wait; then, when the server has written, for reading only. */
    int both = open(path, O_RDWR);
    int fifo = open(path, O_RDONLY);
    if (both == -1 || fifo == -1 || !ask(fd, "join", name, "")) {
        unlink(path);
        err(1, "%s", path);
    }
    if ((count = read(fifo, bytes, sizeof bytes)) > 0)
        write(STDOUT_FILENO, bytes, (size_t)count);
    close(both);

    pid_t child = fork();
    if (child == -1) {
        unlink(path);
        err(1, "fork");
    }
    if (child == 0) {
        close(fifo);
        talk(fd, name);
    }
    close(fd);
    while ((count = read(fifo, bytes, sizeof bytes)) > 0)
        write(STDOUT_FILENO, bytes, (size_t)count);
    unlink(path);
    kill(child, SIGTERM);
    waitpid(child, &end, 0);
    if (WIFEXITED(end) && WEXITSTATUS(end) == 0)
        return 0;
    warnx("the room was closed");
    return 1;
}

int main(int argc, char *argv[])
{
    if (argc == 4 && strcmp(argv[1], "join") == 0) {
        room = argv[2];
        return join(argv[3]);
    }
    if (argc < 3 || strcmp(argv[1], "serve") != 0)
        errx(2, "usage: chat serve [-m MODE] ROOM [COMMAND], chat join ROOM NAME");

    mode_t mode = 0600;
    char **rest = argv + 2;
    if (strcmp(rest[0], "-m") == 0 && argc > 4) {
        mode = (mode_t)strtoul(rest[1], NULL, 8);
        rest += 2;
    }
    room = rest[0];
    return serve(mode, rest[1]);
}
