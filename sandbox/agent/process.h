/* The processes of one run that are there or have not been waited for yet: see process.c. */
#ifndef GRADER_PROCESS_H
#define GRADER_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct process {
    pid_t pid, parent; /* the parent is the one it was born to, 0 until it is known */
    int pidfd;
    int stat;                 /* its open `/proc/PID/stat`, -1 until it is needed */
    bool has_executed;        /* and has not made the first call of a process since */
    bool runs_systems;        /* its image is one of the system's, and has been told */
    bool has_ended;           /* as has been told */
};

struct processes {
    size_t count, room;
    struct process *list;
    int ends; /* an epoll instance for their pidfds: which have been waited for, or have ended */
    bool tell_of_reaping; /* a pidfd hangs up when its process has been waited for: from Linux 6.9 on */
    bool keep_status;     /* and has the wait status then, so that the end need not be seen before: from 6.15 on */
};

/*
 * Returns the process `pid`; from the first time on, its end is watched for. NULL if it is none, but a thread.
 * What is returned holds until the next call of any of these.
 */
struct process *know_process(struct processes *processes, pid_t pid);

/* NULL if there is none. */
struct process *process_of_pidfd(const struct processes *processes, int pidfd);

/* Whether one that we know was born to process `pid` and has not been waited for. */
bool has_known_child(const struct processes *processes, pid_t pid);

void forget_process(struct processes *processes, struct process *process);

void free_processes(struct processes *processes);

/* From now on its pidfd is ready only when it has been waited for. */
void await_reaping(const struct processes *processes, const struct process *process);

/* Whether a process has ended. */
bool is_over(const struct process *process);

/* The wait status of a process that has ended, whoever waits for it meanwhile; -1 if the kernel does not tell. */
int wait_status_of(pid_t pid, int pidfd);

#endif
