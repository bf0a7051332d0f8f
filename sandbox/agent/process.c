/* Knows the processes of one run by their pidfds, and how they ended. See pidfd_open(2), proc_pid_stat(5). */
#define _GNU_SOURCE
#include "process.h"

#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <unistd.h>

enum { FIRST_ROOM = 16, STAT_BYTES = 1024 };

/* From Linux 6.13 on, the exit status from 6.15 on; the headers may be older. */
#define GET_INFO _IOWR(0xff, 11, struct info)
#define INFO_EXIT (UINT64_C(1) << 3)

struct info {
    uint64_t mask, cgroup;
    uint32_t pid, tgid, ppid, uids_and_gids[8];
    int32_t exit_status;
};

static struct process *find(const struct processes *processes, pid_t pid)
{
    for (size_t i = processes->count; i-- > 0;) {
        if (processes->list[i].pid == pid)
            return &processes->list[i];
    }
    return NULL;
}

static bool make_room(struct processes *processes)
{
    if (processes->count < processes->room)
        return true;
    size_t room = processes->room == 0 ? FIRST_ROOM : 2 * processes->room;
    struct process *list = reallocarray(processes->list, room, sizeof *list);
    if (list == NULL)
        return false;
    processes->list = list;
    processes->room = room;
    return true;
}

struct process *know_process(struct processes *processes, pid_t pid)
{
    struct process *process = find(processes, pid);
    if (process != NULL && !process->has_ended)
        return process;
    if (!make_room(processes))
        return NULL;
    int pidfd = pidfd_open(pid, 0); /* refused for threads other than the first */
    if (pidfd < 0)
        return NULL;
    /* A hang-up is told in any case, and whoever is woken only once takes less from the program. */
    struct epoll_event event = { .events = processes->keep_status ? 0 : EPOLLIN, .data.fd = pidfd };
    if (epoll_ctl(processes->ends, EPOLL_CTL_ADD, pidfd, &event) < 0) {
        close(pidfd);
        return NULL;
    }
    process = &processes->list[processes->count++];
    *process = (struct process){ .pid = pid, .pidfd = pidfd, .stat = -1 };
    return process;
}

struct process *process_of_pidfd(const struct processes *processes, int pidfd)
{
    for (size_t i = processes->count; i-- > 0;) {
        if (processes->list[i].pidfd == pidfd)
            return &processes->list[i];
    }
    return NULL;
}

bool has_known_child(const struct processes *processes, pid_t pid)
{
    for (size_t i = 0; i < processes->count; i++) {
        if (processes->list[i].parent == pid)
            return true;
    }
    return false;
}

void await_reaping(const struct processes *processes, const struct process *process)
{
    struct epoll_event event = { .events = 0, .data.fd = process->pidfd };
    epoll_ctl(processes->ends, EPOLL_CTL_MOD, process->pidfd, &event);
}

bool is_over(const struct process *process)
{
    struct pollfd state = { .fd = process->pidfd, .events = POLLIN };
    return poll(&state, 1, 0) > 0;
}

void forget_process(struct processes *processes, struct process *process)
{
    close(process->pidfd);
    if (process->stat >= 0)
        close(process->stat);
    *process = processes->list[--processes->count];
}

void free_processes(struct processes *processes)
{
    while (processes->count > 0)
        forget_process(processes, processes->list);
    free(processes->list);
    close(processes->ends);
}

/* The status in `/proc/PID/stat`, which has one as long as nobody has waited for the process; else -1. */
static int status_of_zombie(pid_t pid)
{
    char path[64], content[STAT_BYTES + 1];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return -1;
    ssize_t size = read(file, content, STAT_BYTES);
    close(file);
    if (size <= 0)
        return -1;
    content[size] = '\0';
    const char *command_end = strrchr(content, ')');
    const char *last_field = strrchr(content, ' ');
    if (command_end == NULL || last_field <= command_end || strncmp(command_end, ") Z ", 4) != 0)
        return -1;
    return atoi(last_field);
}

/* The status that the pidfd keeps of a process that has been waited for; else -1. */
static int kept_status(int pidfd)
{
    struct info info = { .mask = INFO_EXIT };

    if (ioctl(pidfd, GET_INFO, &info) < 0 || (info.mask & INFO_EXIT) == 0)
        return -1;
    return info.exit_status;
}

int wait_status_of(pid_t pid, int pidfd)
{
    int status = kept_status(pidfd);

    if (status < 0)
        status = status_of_zombie(pid);
    return status < 0 ? kept_status(pidfd) : status; /* it may have been waited for between the two */
}
