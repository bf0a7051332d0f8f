/*
 * Reads /proc as capture.py does, for the calls that every process makes: a program that starts processes waits for
 * nothing else of ours. See proc(5).
 */
#define _GNU_SOURCE
#include "capture.h"
#include "close_aside.h"
#include "process.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { FILE_BYTES = 8 * 1024, LINK_BYTES = 512, PATH_BYTES = 64, MOST_ANONYMOUS = 32 };
enum { ACTION_BYTES = 32 }; /* of the kernel's `struct sigaction` that matter: handler and flags */
enum { LOW_NUMBERS = 32, PIPEFS = 0x50495045 };
enum { NANOSECONDS = 1000000000 };

/* Descriptors of what has no inode of its own, such as timers, in the table that is being put. */
struct anonymous {
    size_t count;
    struct {
        int number;
        char target[64];
    } seen[MOST_ANONYMOUS];
};

static void put(struct json *json, const char *bytes, size_t size)
{
    if (size > sizeof json->bytes - json->size) {
        json->is_whole = false;
        return;
    }
    memcpy(json->bytes + json->size, bytes, size);
    json->size += size;
}

static void put_text(struct json *json, const char *text)
{
    put(json, text, strlen(text));
}

static void put_number(struct json *json, uint64_t number)
{
    char digits[20];
    size_t place = sizeof digits;

    do
        digits[--place] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    put(json, digits + place, sizeof digits - place);
}

/* See RFC 8259, section 7. Other than ASCII is Python's: which bytes are characters, and which are not, it knows. */
static void put_string(struct json *json, const char *bytes, size_t size)
{
    size_t plain = 0; /* where the bytes begin that stand for themselves and have not been put yet */

    put_text(json, "\"");
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (byte >= 0x80)
            json->is_whole = false;
        if (byte >= 0x20 && byte != '"' && byte != '\\')
            continue;
        put(json, bytes + plain, i - plain);
        plain = i + 1;
        char escaped[7];
        snprintf(escaped, sizeof escaped, "\\u%04x", byte);
        put_text(json, escaped);
    }
    put(json, bytes + plain, size - plain);
    put_text(json, "\"");
}

/* Reads a file that the kernel makes at once; returns its size, or -1 if it cannot be read or is too large. */
static ssize_t read_file(const char *path, char buffer[FILE_BYTES])
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0)
        return -1;
    ssize_t size = read(file, buffer, FILE_BYTES);
    close(file);
    return size == FILE_BYTES ? -1 : size;
}

static void put_file(struct json *json, const char *path)
{
    char content[FILE_BYTES];
    ssize_t size = read_file(path, content);

    if (size < 0)
        json->is_whole = false;
    else
        put_string(json, content, (size_t)size);
}

static bool begins(const char *bytes, size_t size, const char *with)
{
    return size >= strlen(with) && memcmp(bytes, with, strlen(with)) == 0;
}

/* Puts which one before it a descriptor is a copy of, if it is one: nothing but kcmp(2) tells. */
static void put_original(struct json *json, struct anonymous *before, int number, const char *target, pid_t pid)
{
    for (size_t i = 0; i < before->count; i++) {
        if (strcmp(before->seen[i].target, target) == 0 &&
            syscall(SYS_kcmp, pid, pid, KCMP_FILE, before->seen[i].number, number) == 0) {
            put_text(json, ",\"copy_of\":");
            put_number(json, (uint64_t)before->seen[i].number);
            return;
        }
    }
    if (before->count == MOST_ANONYMOUS || strlen(target) >= sizeof before->seen[0].target) {
        json->is_whole = false; /* Python has room for them */
        return;
    }
    before->seen[before->count].number = number;
    strcpy(before->seen[before->count++].target, target);
}

/* Begins what is put of a descriptor: where its link in /proc points, and the mode of that. */
static void put_entry(struct json *json, int number, const char *target, size_t size, unsigned mode)
{
    put_text(json, "\"");
    put_number(json, (uint64_t)number);
    put_text(json, "\":{\"link\":");
    put_string(json, target, size);
    put_text(json, ",\"mode\":");
    put_number(json, mode);
}

static void put_identity(struct json *json, const struct stat *status)
{
    put_text(json, ",\"file\":[");
    put_number(json, status->st_dev);
    put_text(json, ",");
    put_number(json, status->st_ino);
    put_text(json, ",");
    put_number(json, status->st_mode);
    put_text(json, "]");
}

static void put_descriptor(struct json *json, int folder, const char *name, pid_t pid, struct anonymous *before)
{
    char target[LINK_BYTES];
    struct stat status;
    ssize_t size = readlinkat(folder, name, target, sizeof target);

    if (size < 0 || size == LINK_BYTES || fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) < 0) {
        json->is_whole = false;
        return;
    }
    put_entry(json, atoi(name), target, (size_t)size, status.st_mode);
    if (target[0] == '/') {
        if (fstatat(folder, name, &status, 0) < 0)
            json->is_whole = false;
        put_identity(json, &status);
    }
    if (begins(target, (size_t)size, "socket:"))
        json->is_whole = false; /* its options are Python's to ask for */
    if (begins(target, (size_t)size, "anon_inode:")) {
        char path[PATH_BYTES];
        int number = atoi(name);
        snprintf(path, sizeof path, "/proc/%d/fdinfo/%d", pid, number);
        put_text(json, ",\"info\":");
        put_file(json, path);
        target[size] = '\0';
        put_original(json, before, number, target, pid);
    }
    put_text(json, "}");
}

/* Whether a FIFO has no name: all of those are of one device, which is looked up once only. */
static bool is_pipe_of_pipefs(int descriptor, const struct stat *status)
{
    static _Thread_local dev_t pipefs; /* 0 until it is known */
    struct statfs filesystem;

    if (pipefs == 0 && fstatfs(descriptor, &filesystem) == 0 && filesystem.f_type == PIPEFS)
        pipefs = status->st_dev;
    return status->st_dev == pipefs;
}

/*
 * Finds where a descriptor of ours leads, as readlink(2) does. The name of a device is looked up once only: no
 * program of the sandbox can make or rename one, and `/dev/null` is in most tables.
 */
static ssize_t target_of(int descriptor, const struct stat *status, char target[LINK_BYTES])
{
    static _Thread_local struct {
        dev_t device;
        ino_t inode;
        ssize_t size;
        char target[PATH_BYTES];
    } last;
    char path[PATH_BYTES];

    if (last.size > 0 && last.device == status->st_dev && last.inode == status->st_ino && S_ISCHR(status->st_mode)) {
        memcpy(target, last.target, (size_t)last.size);
        return last.size;
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    ssize_t size = readlink(path, target, LINK_BYTES);
    if (S_ISCHR(status->st_mode) && size > 0 && size <= (ssize_t)sizeof last.target) {
        last.device = status->st_dev;
        last.inode = status->st_ino;
        last.size = size;
        memcpy(last.target, target, (size_t)size);
    }
    return size;
}

/*
 * Puts a descriptor of which `copy` is a copy of ours, of the given status; false if it has more to it than a pipe or
 * a file has.
 */
static bool put_copied(struct json *json, int number, int copy, const struct stat *status)
{
    char target[LINK_BYTES];
    int flags = fcntl(copy, F_GETFL);
    ssize_t size;

    if (flags < 0 || (flags & O_PATH) != 0)
        return false;
    bool is_pipe = S_ISFIFO(status->st_mode) && is_pipe_of_pipefs(copy, status);
    if (is_pipe)
        size = snprintf(target, sizeof target, "pipe:[%lu]", (unsigned long)status->st_ino);
    else
        size = target_of(copy, status, target);
    int access = flags & O_ACCMODE;
    if (size < 0 || size == LINK_BYTES || (!is_pipe && target[0] != '/') || access == O_ACCMODE)
        return false;
    /* What the mode of the link in /proc/PID/fd tells, see proc_pid_fd(5). */
    unsigned mode = S_IFLNK | (access != O_WRONLY ? 0500 : 0) | (access != O_RDONLY ? 0300 : 0);
    put_entry(json, number, target, (size_t)size, mode);
    if (!is_pipe)
        put_identity(json, status);
    put_text(json, "}");
    return true;
}

/*
 * Puts a table of low numbers without the kernel making a name in /proc for each of them. False, and nothing put, if
 * it has others, if there is more to one of them, or if the kernel does not tell how many it has (before Linux 6.2).
 */
static bool put_few_descriptors(struct json *json, pid_t pid, int pidfd)
{
    char path[PATH_BYTES];
    struct stat folder;
    size_t before = json->size;
    off_t left;

    snprintf(path, sizeof path, "/proc/%d/fd", pid);
    if (stat(path, &folder) < 0 || folder.st_size == 0 || folder.st_size > LOW_NUMBERS)
        return false;
    left = folder.st_size;
    put_text(json, "{");
    for (int number = 0; number < LOW_NUMBERS && left > 0; number++) {
        int copy = pidfd_getfd(pidfd, number, 0);
        if (copy < 0)
            continue;
        struct stat status;
        bool is_known = fstat(copy, &status) == 0;
        bool is_put = is_known && !S_ISSOCK(status.st_mode) && put_copied(json, number, copy, &status);
        if (is_known && !S_ISSOCK(status.st_mode))
            close(copy);
        else
            close_aside(copy);
        if (!is_put)
            break;
        if (--left > 0)
            put_text(json, ",");
    }
    put_text(json, "}");
    if (left > 0)
        json->size = before;
    return left == 0;
}

/* Puts the process's table. */
static void put_descriptors(struct json *json, const struct process *process)
{
    char path[PATH_BYTES];
    const char *separator = "";
    struct anonymous anonymous = { .count = 0 };
    struct dirent *entry;

    put_text(json, "\"fds\":");
    if (put_few_descriptors(json, process->pid, process->pidfd))
        return;
    snprintf(path, sizeof path, "/proc/%d/fd", process->pid);
    DIR *folder = opendir(path);
    if (folder == NULL) {
        json->is_whole = false;
        return;
    }
    put_text(json, "{");
    while (json->is_whole && (entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        put(json, separator, strlen(separator));
        put_descriptor(json, dirfd(folder), entry->d_name, process->pid, &anonymous);
        separator = ",";
    }
    put_text(json, "}");
    closedir(folder);
}

/* The fields of `/proc/PID/stat` behind the command, counted from 0: see proc_pid_stat(5). */
enum { PARENT = 1, THREADS = 17, ARGUMENTS_START = 45, ARGUMENTS_END = 46 };

/* Puts the process's `stat`; returns the fields of it behind the command, in `content`, or "" if it cannot be read. */
static const char *put_stat(struct json *json, struct process *process, char content[FILE_BYTES])
{
    char path[PATH_BYTES];

    if (process->stat < 0) {
        snprintf(path, sizeof path, "/proc/%d/stat", process->pid);
        process->stat = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    }
    ssize_t size = pread(process->stat, content, FILE_BYTES - 1, 0);
    if (size <= 0) {
        json->is_whole = false;
        return "";
    }
    content[size] = '\0';
    put_text(json, "\"stat\":");
    put_string(json, content, (size_t)size);
    put_text(json, ",");
    const char *command_end = strrchr(content, ')');
    return command_end == NULL ? "" : command_end + 2;
}

/* 0 if there is no such field. */
static uint64_t field(const char *fields, int number)
{
    while (fields != NULL && number-- > 0) {
        fields = strchr(fields, ' ');
        if (fields != NULL)
            fields++;
    }
    return fields == NULL ? 0 : strtoull(fields, NULL, 10);
}

/* Puts what `/proc/PID/cmdline` says, from where the kernel has it from: the process's memory. */
static void put_command_line(struct json *json, const struct process *process, const char *fields)
{
    char path[PATH_BYTES], arguments[FILE_BYTES];
    uint64_t start = field(fields, ARGUMENTS_START), end = field(fields, ARGUMENTS_END);
    struct iovec here = { .iov_base = arguments, .iov_len = end - start };
    struct iovec there = { .iov_base = (void *)(uintptr_t)start, .iov_len = end - start };

    put_text(json, "\"cmdline\":");
    if (start < end && end - start <= sizeof arguments &&
        process_vm_readv(process->pid, &here, 1, &there, 1, 0) == (ssize_t)(end - start) &&
        arguments[end - start - 1] == '\0') {
        put_string(json, arguments, end - start);
    } else {
        snprintf(path, sizeof path, "/proc/%d/cmdline", process->pid);
        put_file(json, path);
    }
    put_text(json, ",");
}

/* Puts which program the process runs, and takes note of whether that is one of the system's. */
static void put_executable(struct json *json, struct process *process)
{
    char path[PATH_BYTES], target[LINK_BYTES];
    snprintf(path, sizeof path, "/proc/%d/exe", process->pid);
    ssize_t size = readlink(path, target, sizeof target);

    process->runs_systems = size > 0 && begins(target, (size_t)size, "/usr/");
    put_text(json, "\"exe\":");
    if (size < 0 || size == LINK_BYTES)
        json->is_whole = false;
    else
        put_string(json, target, (size_t)size);
    put_text(json, ",");
}

/*
 * A program of the system makes its children so that we know of them, and adopts none: only of one of the student's
 * does the kernel have to be asked.
 */
static bool may_have_children(const struct processes *processes, const struct process *process)
{
    char path[PATH_BYTES], content[FILE_BYTES];

    if (process->runs_systems)
        return has_known_child(processes, process->pid);
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", process->pid, process->pid);
    return read_file(path, content) != 0; /* also if nobody can tell */
}

void clear_events(struct json *json)
{
    json->size = HEADER_BYTES;
    json->is_whole = true;
}

void begin_event(struct json *json, const char *kind, uint64_t time, pid_t pid)
{
    char nanoseconds[11];

    snprintf(nanoseconds, sizeof nanoseconds, ".%09u", (unsigned)(time % NANOSECONDS));
    put_text(json, json->size > HEADER_BYTES ? ",[\"" : "[\"");
    put_text(json, kind);
    put_text(json, "\",");
    put_number(json, time / NANOSECONDS);
    put_text(json, nanoseconds);
    put_text(json, ",");
    put_number(json, (uint64_t)pid);
    put_text(json, ",{");
}

static void end_event(struct json *json)
{
    put_text(json, "}]");
}

void capture_birth(struct json *json, struct process *process)
{
    char content[FILE_BYTES];

    process->parent = (pid_t)field(put_stat(json, process, content), PARENT);
    put_descriptors(json, process);
    end_event(json);
}

void capture_exec(struct json *json, struct process *process)
{
    char content[FILE_BYTES];
    const char *fields = put_stat(json, process, content);

    process->parent = (pid_t)field(fields, PARENT);
    put_command_line(json, process, fields);
    put_executable(json, process);
    put_descriptors(json, process);
    end_event(json);
}

void capture_exit(struct json *json, struct process *process, const struct processes *processes, int code)
{
    char content[FILE_BYTES];

    if (field(put_stat(json, process, content), THREADS) != 1 || may_have_children(processes, process)) {
        json->is_whole = false;
        return;
    }
    put_text(json, "\"code\":");
    put_number(json, (uint64_t)(code & 0xff));
    put_text(json, ",");
    if (process->runs_systems)
        put_text(json, "\"exe\":null,"); /* which has been told */
    else
        put_executable(json, process);
    put_descriptors(json, process);
    put_text(json, ",\"children\":{}");
    end_event(json);
}

void capture_action(struct json *json, const struct process *process, uint64_t address)
{
    unsigned char action[ACTION_BYTES];
    char digits[2 * sizeof action + 1];
    struct iovec here = { .iov_base = action, .iov_len = sizeof action };
    struct iovec there = { .iov_base = (void *)(uintptr_t)address, .iov_len = sizeof action };

    if (process_vm_readv(process->pid, &here, 1, &there, 1, 0) != (ssize_t)sizeof action) {
        json->is_whole = false;
        return;
    }
    for (size_t i = 0; i < sizeof action; i++)
        snprintf(digits + 2 * i, 3, "%02x", action[i]);
    put_text(json, "\"action\":\"");
    put_text(json, digits);
    put_text(json, "\"");
    end_event(json);
}

void capture_end(struct json *json, const struct process *process)
{
    int status = wait_status_of(process->pid, process->pidfd);

    put_text(json, "\"wait_status\":");
    if (status < 0)
        put_text(json, "null");
    else
        put_number(json, (uint64_t)status);
    end_event(json);
}

void capture_reaping(struct json *json)
{
    end_event(json);
}
