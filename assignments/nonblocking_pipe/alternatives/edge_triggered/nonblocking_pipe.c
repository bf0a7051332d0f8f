/*
 * nonblocking_pipe with edge-triggered epoll, which tells only what has changed: so everything is written and read
 * until EAGAIN. Each piece of the input is one block that counts who still needs it; the children come from vfork.
 */
#define _GNU_SOURCE

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct block {
    struct block *next;
    int users;
    size_t length;
    char *data;
};

struct reader {
    pid_t pid;
    int pipe;
    struct block *at; /* the block it is in, or the one that is still empty */
    size_t offset;
};

static struct reader *readers;
static int n, open_pipes, over;
static struct block *last; /* still empty: what comes next goes here */

static void *fresh(size_t size)
{
    void *memory = calloc(1, size);

    if (memory == NULL)
        err(1, "calloc");
    return memory;
}

static void drop(struct reader *r)
{
    if (r->pipe >= 0) {
        close(r->pipe);
        r->pipe = -1;
        open_pipes--;
    }
}

static void pump(struct reader *r)
{
    while (r->pipe >= 0 && r->at != last) {
        ssize_t done = write(r->pipe, r->at->data + r->offset, r->at->length - r->offset);

        if (done < 0 && errno == EAGAIN)
            return;
        if (done < 0) {
            drop(r);
            return;
        }
        r->offset += (size_t)done;
        if (r->offset == r->at->length) {
            struct block *old = r->at;
            r->at = old->next;
            r->offset = 0;
            if (--old->users == 0) {
                free(old->data);
                free(old);
            }
        }
    }
    if (over && r->at == last)
        drop(r);
}

static void take(void)
{
    char piece[10000];
    ssize_t got = read(0, piece, sizeof piece);

    if (got <= 0) {
        over = 1;
        return;
    }
    last->data = memcpy(fresh((size_t)got), piece, (size_t)got);
    last->length = (size_t)got;
    last->users = open_pipes;
    last->next = fresh(sizeof *last);
    last = last->next;
}

static int launch(struct reader *r, char **words)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0) {
        warn("pipe2");
        return -1;
    }
    r->pid = vfork();
    if (r->pid == 0) {
        dup2(ends[0], 0);
        execvp(words[0], words);
        warn("%s", words[0]);
        _exit(errno == ENOENT ? 127 : 126);
    }
    close(ends[0]);
    if (r->pid < 0) {
        warn("vfork");
        close(ends[1]);
        return -1;
    }
    ioctl(ends[1], FIONBIO, &(int){1}); /* ours alone: the command's end is another open file */
    r->pipe = ends[1];
    r->at = last;
    open_pipes++;
    return 0;
}

int main(int argc, char **argv)
{
    int status, result = 0, commands = 1;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0) {
            commands++;
            if (i == 1 || i + 1 == argc || strcmp(argv[i + 1], "--") == 0)
                argc = 1;
        }
    }
    if (argc < 2)
        errx(2, "usage: nonblocking_pipe COMMAND... [-- COMMAND...]");

    readers = fresh((size_t)commands * sizeof *readers);
    last = fresh(sizeof *last);
    char **word = argv + 1;
    for (int i = 0; i < commands && result == 0; i++) {
        char **first = word;
        while (*word != NULL && strcmp(*word, "--") != 0)
            word++;
        *word++ = NULL;
        if (launch(&readers[i], first) < 0)
            result = 1;
        else
            n++;
    }

    int watch = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(watch, EPOLL_CTL_ADD, 0, &(struct epoll_event){.events = EPOLLIN, .data.ptr = NULL});
    for (int i = 0; i < n; i++) {
        struct epoll_event event = {.events = EPOLLOUT | EPOLLET, .data.ptr = &readers[i]};
        epoll_ctl(watch, EPOLL_CTL_ADD, readers[i].pipe, &event);
    }
    signal(SIGPIPE, SIG_IGN);

    while (result == 0 && open_pipes > 0) {
        struct epoll_event event;

        if (epoll_wait(watch, &event, 1, -1) != 1)
            continue;
        if (event.data.ptr == NULL) {
            take();
            if (over)
                epoll_ctl(watch, EPOLL_CTL_DEL, 0, NULL);
            for (int i = 0; i < n; i++)
                pump(&readers[i]);
        } else if (event.events & EPOLLERR) {
            drop(event.data.ptr);
        } else {
            pump(event.data.ptr);
        }
    }
    for (int i = 0; i < n; i++)
        drop(&readers[i]);
    while (wait(&status) > 0) {
        if (status != 0)
            result = 1;
    }
    return result;
}
