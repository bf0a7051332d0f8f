/* What is captured of a process at the three moments that every process has: see capture.c. */
#ifndef GRADER_CAPTURE_H
#define GRADER_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* JSON that is being written; once something did not fit or could not be told, `is_whole` is false for good. */
struct json {
    size_t size;
    bool is_whole;
    char bytes[48 * 1024];
};

/*
 * Each writes one object with the facts of its event, as `Event` in wire.py has them; the process must stand still.
 * Whatever is out of the ordinary makes `is_whole` false: a name that is not plain ASCII, a file that cannot be
 * read, a socket, more than fits, a process with children or several threads at its end. Python then captures all of
 * it again.
 */
void capture_birth(struct json *json, pid_t pid);
void capture_exec(struct json *json, pid_t pid);
void capture_exit(struct json *json, pid_t pid, int code);

#endif
