/*
 * proc_inspector without stdio for what it reads and writes: it takes input byte by byte, reads files with read(2), and
 * writes every line with a write(2) of its own. It looks at every number that could be a pid or a descriptor in use.
 */
#define _GNU_SOURCE

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

struct entry {
    unsigned long inode;
    long offset;
    unsigned short length;
    unsigned char type;
    char name[];
};

static void say(const char *format, ...)
{
    static char line[2 * PATH_MAX];
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    for (int done = 0; done < length;) {
        ssize_t count = write(STDOUT_FILENO, line + done, (size_t)(length - done));
        if (count == -1 && errno != EINTR)
            _exit(1);
        done += count > 0 ? (int)count : 0;
    }
}

/* The whole of a file, to be freed; NULL if it cannot be read to its end. */
static char *slurp(const char *path)
{
    size_t room = 512, length = 0;
    char *text = malloc(room);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t count = -1;

    while (fd != -1 && (count = read(fd, text + length, room - length - 1)) > 0) {
        length += (size_t)count;
        if (room - length < 256)
            text = realloc(text, room *= 2);
    }
    if (fd != -1)
        close(fd);
    if (count != 0) {
        free(text);
        return NULL;
    }
    text[length] = '\0';
    return text;
}

/* Calls `action` for every number among the names of a folder. */
static void each_number(const char *path, void (*action)(int pid, int number), int pid)
{
    char buffer[2048];
    long count = 0;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    while (fd != -1 && (count = syscall(SYS_getdents64, fd, buffer, sizeof buffer)) > 0) {
        for (long at = 0; at < count;) {
            struct entry *entry = (struct entry *)(buffer + at);
            if (isdigit((unsigned char)entry->name[0]))
                action(pid, atoi(entry->name));
            at += entry->length;
        }
    }
    if (fd != -1)
        close(fd);
}

static void ps_line(int unused, int pid)
{
    char path[64], state;
    int parent;

    (void)unused;
    sprintf(path, "/proc/%d/stat", pid);
    char *stat = slurp(path);
    char *open = stat != NULL ? strchr(stat, '(') : NULL;
    char *close = stat != NULL ? strrchr(stat, ')') : NULL;
    if (open == NULL || close == NULL) {
        free(stat);
        return;
    }
    *close = '\0';
    sscanf(close + 2, "%c %d", &state, &parent);
    char *field = close + 2, *rest = NULL;
    long threads = 0, size = 0;
    for (int number = 3; (field = strtok_r(number == 3 ? field : NULL, " ", &rest)) != NULL; number++) {
        if (number == 20)
            threads = atol(field);
        if (number == 23)
            size = atol(field) / 1024;
    }
    say("%d %d %c %ld %ld %s\n", pid, parent, state, threads, size, open + 1);
    free(stat);
}

static int show(int pid, const char *name, const char *label)
{
    char path[64], target[PATH_MAX] = "";

    sprintf(path, "/proc/%d/%s", pid, name);
    if (readlink(path, target, sizeof target - 1) == -1)
        return 0;
    say("%s %s\n", label, target);
    return 1;
}

static void show_fd(int pid, int number)
{
    char name[32];

    sprintf(name, "fd/%d", number);
    show(pid, name, name + 3);
}

static void lsof(int pid)
{
    char path[64], exe[PATH_MAX] = "";

    show(pid, "cwd", "cwd");
    show(pid, "exe", "txt");
    sprintf(path, "/proc/%d/exe", pid);
    if (readlink(path, exe, sizeof exe - 1) == -1)
        exe[0] = '\0';

    sprintf(path, "/proc/%d/maps", pid);
    char *maps = slurp(path);
    char *told[512];
    int count = 0;
    char *rest = NULL;
    for (char *line = maps != NULL ? strtok_r(maps, "\n", &rest) : NULL; line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        char *file = strchr(line, '/');
        int known = file == NULL || strcmp(file, exe) == 0;
        for (int i = 0; i < count && !known; i++)
            known = strcmp(told[i], file) == 0;
        if (!known && count < 512) {
            told[count++] = file;
            say("mem %s\n", file);
        }
    }
    free(maps);
    sprintf(path, "/proc/%d/fd", pid);
    each_number(path, show_fd, pid);
}

static void answer(char *line)
{
    if (strcmp(line, "ps") == 0) {
        each_number("/proc", ps_line, 0);
    } else if (strncmp(line, "ps ", 3) == 0) {
        for (char *at = line + 2; *at == ' ';)
            ps_line(0, (int)strtol(at + 1, &at, 10));
    } else if (strncmp(line, "lsof ", 5) == 0) {
        lsof(atoi(line + 5));
    } else {
        (void)!write(STDERR_FILENO, "what?\n", 6);
    }
    say(".\n");
}

int main(int argc, char *argv[])
{
    posix_spawn_file_actions_t actions;
    char line[16384];
    size_t length = 0;
    pid_t child = 0;
    int status;

    if (argc < 2) {
        fprintf(stderr, "proc_inspector: a command is missing\n");
        return 2;
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    int error = posix_spawnp(&child, argv[1], &actions, NULL, argv + 1, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0)
        fprintf(stderr, "proc_inspector: %s: %s\n", argv[1], strerror(error));

    while (read(STDIN_FILENO, line + length, 1) == 1) {
        if (line[length] == '\n') {
            line[length] = '\0';
            answer(line);
            length = 0;
        } else if (length < sizeof line - 2) {
            length++;
        }
    }
    if (error == 0)
        waitpid(child, &status, 0);
    return 0;
}
