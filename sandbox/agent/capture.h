/* What is captured of a process at the moments that every process has: see capture.c. */
#ifndef GRADER_CAPTURE_H
#define GRADER_CAPTURE_H

#include "process.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Events as rows of JSON; once something did not fit or could not be told, `is_whole` is false until all is cleared. */
struct json {
    size_t size;
    bool is_whole;
    char bytes[48 * 1024]; /* the first HEADER_BYTES are for whoever sends it on */
};

enum { HEADER_BYTES = 12 };

void clear_events(struct json *json);

/* Begins the event `kind` of process `pid` at `time`, in nanoseconds; one of the following is to complete it. */
void begin_event(struct json *json, const char *kind, uint64_t time, pid_t pid);

/*
 * Each adds an object with the facts of its event, as `Event` in wire.py has them; the process must stand still.
 * Whatever is out of the ordinary makes `is_whole` false: a name that is not plain ASCII, a file that cannot be
 * read, a socket, more than fits, a process with children or several threads at its end. Python then captures all of
 * it again.
 */
void capture_birth(struct json *json, struct process *process);
void capture_exec(struct json *json, struct process *process);
void capture_exit(struct json *json, struct process *process, const struct processes *processes, int code);

/* What a process does about SIGCHLD from now on; `address` is of its `struct sigaction`. */
void capture_action(struct json *json, const struct process *process, uint64_t address);

/* These two are always whole: that a process has ended, and that it has been waited for. */
void capture_end(struct json *json, const struct process *process);
void capture_reaping(struct json *json);

#endif
