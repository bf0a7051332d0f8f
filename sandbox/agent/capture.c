/*
 * Reads /proc as capture.py does, for the calls that every process makes: a program that starts processes waits for
 * nothing else of ours. See proc(5).
 */
#define _GNU_SOURCE
#include "capture.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FILE_BYTES = 8 * 1024, LINK_BYTES = 512, PATH_BYTES = 64, MOST_ANONYMOUS = 32 };

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

static void put_format(struct json *json, const char *format, ...)
{
    char text[128];
    va_list arguments;

    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    put(json, text, (size_t)size);
}

/* See RFC 8259, section 7. Other than ASCII is Python's: which bytes are characters, and which are not, it knows. */
static void put_string(struct json *json, const char *bytes, size_t size)
{
    size_t plain = 0; /* where the bytes begin that stand for themselves and have not been put yet */

    put(json, "\"", 1);
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (byte >= 0x80)
            json->is_whole = false;
        if (byte >= 0x20 && byte != '"' && byte != '\\')
            continue;
        put(json, bytes + plain, i - plain);
        plain = i + 1;
        put_format(json, "\\u%04x", byte);
    }
    put(json, bytes + plain, size - plain);
    put(json, "\"", 1);
}

/* Reads a file whole; returns its size, or -1 if it cannot be read or is larger than the buffer. */
static ssize_t read_file(const char *path, char buffer[FILE_BYTES])
{
    size_t size = 0;
    ssize_t more;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (file < 0)
        return -1;
    while ((more = read(file, buffer + size, FILE_BYTES - size)) > 0)
        size += (size_t)more;
    close(file);
    return more < 0 || size == FILE_BYTES ? -1 : (ssize_t)size;
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

static void put_link(struct json *json, const char *path)
{
    char target[LINK_BYTES];
    ssize_t size = readlink(path, target, sizeof target);

    if (size < 0 || size == LINK_BYTES)
        json->is_whole = false;
    else
        put_string(json, target, (size_t)size);
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
            put_format(json, ",\"copy_of\":%d", before->seen[i].number);
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

static void put_descriptor(struct json *json, int folder, const char *name, pid_t pid, struct anonymous *before)
{
    char target[LINK_BYTES];
    struct stat status;
    ssize_t size = readlinkat(folder, name, target, sizeof target);

    if (size < 0 || size == LINK_BYTES || fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) < 0) {
        json->is_whole = false;
        return;
    }
    put_format(json, "\"%s\":{\"link\":", name);
    put_string(json, target, (size_t)size);
    put_format(json, ",\"mode\":%u", status.st_mode);
    if (target[0] == '/') {
        if (fstatat(folder, name, &status, 0) < 0)
            json->is_whole = false;
        put_format(json, ",\"file\":[%lu,%lu,%u]", (unsigned long)status.st_dev, (unsigned long)status.st_ino,
                   status.st_mode);
    }
    if (begins(target, (size_t)size, "socket:"))
        json->is_whole = false; /* its options are Python's to ask for */
    if (begins(target, (size_t)size, "anon_inode:")) {
        char path[PATH_BYTES];
        int number = atoi(name);
        snprintf(path, sizeof path, "/proc/%d/fdinfo/%d", pid, number);
        put(json, ",\"info\":", 8);
        put_file(json, path);
        target[size] = '\0';
        put_original(json, before, number, target, pid);
    }
    put(json, "}", 1);
}

static void put_descriptors(struct json *json, pid_t pid)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "/proc/%d/fd", pid);
    DIR *folder = opendir(path);
    const char *separator = "";
    struct anonymous anonymous = { .count = 0 };
    struct dirent *entry;

    if (folder == NULL) {
        json->is_whole = false;
        return;
    }
    put(json, "{", 1);
    while (json->is_whole && (entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        put(json, separator, strlen(separator));
        put_descriptor(json, dirfd(folder), entry->d_name, pid, &anonymous);
        separator = ",";
    }
    put(json, "}", 1);
    closedir(folder);
}

/* Puts `"name":` and what the file of that name in the process's folder says. */
static void put_own_file(struct json *json, pid_t pid, const char *name)
{
    char path[PATH_BYTES];

    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    put_format(json, "\"%s\":", name);
    put_file(json, path);
}

static void put_executable(struct json *json, pid_t pid)
{
    char path[PATH_BYTES];

    snprintf(path, sizeof path, "/proc/%d/exe", pid);
    put(json, "\"exe\":", 6);
    put_link(json, path);
}

static void begin(struct json *json)
{
    json->size = 0;
    json->is_whole = true;
    put(json, "{", 1);
}

void capture_birth(struct json *json, pid_t pid)
{
    begin(json);
    put_own_file(json, pid, "stat");
    put(json, ",\"fds\":", 7);
    put_descriptors(json, pid);
    put(json, "}", 1);
}

void capture_exec(struct json *json, pid_t pid)
{
    begin(json);
    put_own_file(json, pid, "stat");
    put(json, ",", 1);
    put_own_file(json, pid, "cmdline");
    put(json, ",", 1);
    put_executable(json, pid);
    put(json, ",\"fds\":", 7);
    put_descriptors(json, pid);
    put(json, "}", 1);
}

static bool has_children(pid_t pid)
{
    char path[PATH_BYTES], content[FILE_BYTES];

    snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
    return read_file(path, content) != 0; /* also if nobody can tell */
}

static bool has_one_thread(pid_t pid)
{
    char path[PATH_BYTES];
    struct stat status;

    snprintf(path, sizeof path, "/proc/%d/task", pid);
    return stat(path, &status) == 0 && status.st_nlink == 3; /* a folder for each, and the usual two */
}

void capture_exit(struct json *json, pid_t pid, int code)
{
    begin(json);
    if (!has_one_thread(pid) || has_children(pid)) {
        json->is_whole = false;
        return;
    }
    put_format(json, "\"code\":%d,", code & 0xff);
    put_own_file(json, pid, "stat");
    put(json, ",", 1);
    put_executable(json, pid);
    put(json, ",\"fds\":", 7);
    put_descriptors(json, pid);
    put(json, ",\"children\":{}}", 15);
}
