/*
 * proc_inspector that opens the folder of a process once and everything else relative to it, so that all it says is of
 * one and the same process. What it needs of a process it takes from status alone.
 */
#define _GNU_SOURCE

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int open_process(const char *pid)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%.20s", pid);
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static FILE *file_in(int folder, const char *name)
{
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);

    return fd == -1 ? NULL : fdopen(fd, "r");
}

static void ps_line(const char *pid)
{
    int folder = open_process(pid), parent = -1, threads = 0;
    char name[64] = "", state = '?', line[512];
    long size = 0;

    if (folder == -1)
        return;
    FILE *status = file_in(folder, "status");
    close(folder);
    if (status == NULL)
        return;
    while (fgets(line, sizeof line, status) != NULL) {
        if (strncmp(line, "Name:\t", 6) == 0) {
            line[strlen(line) - 1] = '\0';
            snprintf(name, sizeof name, "%.60s", line + 6);
        } else if (strncmp(line, "State:", 6) == 0) {
            state = line[7];
        } else if (sscanf(line, "PPid: %d", &parent) != 1 && sscanf(line, "VmSize: %ld", &size) != 1) {
            sscanf(line, "Threads: %d", &threads);
        }
    }
    fclose(status);
    if (parent >= 0)
        printf("%s %d %c %d %ld %s\n", pid, parent, state, threads, size, name);
}

static void ps(void)
{
    DIR *proc = opendir("/proc");

    for (struct dirent *entry; proc != NULL && (entry = readdir(proc)) != NULL;) {
        if (strspn(entry->d_name, "0123456789") == strlen(entry->d_name))
            ps_line(entry->d_name);
    }
    if (proc != NULL)
        closedir(proc);
}

static char *link_in(int folder, const char *name)
{
    static char target[PATH_MAX + 1];
    ssize_t length = readlinkat(folder, name, target, PATH_MAX);

    target[length > 0 ? length : 0] = '\0';
    return length > 0 ? target : NULL;
}

static void mem_lines(int folder)
{
    FILE *maps = file_in(folder, "maps");
    char line[PATH_MAX + 256];
    struct seen {
        struct seen *next;
        char path[];
    } *seen = NULL;
    char *exe = link_in(folder, "exe");

    if (maps == NULL)
        return;
    while (fgets(line, sizeof line, maps) != NULL) {
        char *path = strchr(line, '/');
        struct seen *other = seen;

        if (path == NULL)
            continue;
        path[strlen(path) - 1] = '\0';
        if (exe != NULL && strcmp(exe, path) == 0)
            continue;
        while (other != NULL && strcmp(other->path, path) != 0)
            other = other->next;
        if (other == NULL) {
            printf("mem %s\n", path);
            other = malloc(sizeof *other + strlen(path) + 1);
            strcpy(other->path, path);
            other->next = seen;
            seen = other;
        }
    }
    fclose(maps);
    while (seen != NULL) {
        struct seen *next = seen->next;
        free(seen);
        seen = next;
    }
}

static void fd_lines(int folder)
{
    int fds = openat(folder, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct dirent **entries;
    int count = fds == -1 ? -1 : scandirat(folder, "fd", &entries, NULL, versionsort);

    for (int i = 0; i < count; i++) {
        char *target = entries[i]->d_name[0] == '.' ? NULL : link_in(fds, entries[i]->d_name);
        if (target != NULL)
            printf("%s %s\n", entries[i]->d_name, target);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    if (fds != -1)
        close(fds);
}

static void lsof(const char *pid)
{
    int folder = open_process(pid);
    char *target;

    if (folder == -1)
        return;
    if ((target = link_in(folder, "cwd")) != NULL)
        printf("cwd %s\n", target);
    if ((target = link_in(folder, "exe")) != NULL)
        printf("txt %s\n", target);
    mem_lines(folder);
    fd_lines(folder);
    close(folder);
}

int main(int argc, char *argv[])
{
    char line[8192];

    if (argc == 1) {
        fputs("usage: proc_inspector COMMAND [ARGUMENT...]\n", stderr);
        return 2;
    }
    pid_t child = fork();
    if (child == 0) {
        if (freopen("/dev/null", "r", stdin) == NULL)
            _exit(126);
        execvp(argv[1], argv + 1);
        fprintf(stderr, "%s: %m\n", argv[1]);
        _exit(127);
    }

    while (fgets(line, sizeof line, stdin) != NULL) {
        char *words[1024] = {NULL};
        int count = 0;

        for (char *word = strtok(line, " \n"); word != NULL && count < 1023; word = strtok(NULL, " \n"))
            words[count++] = word;
        if (count == 1 && strcmp(words[0], "ps") == 0)
            ps();
        else if (count > 1 && strcmp(words[0], "ps") == 0)
            for (int i = 1; i < count; i++)
                ps_line(words[i]);
        else if (count == 2 && strcmp(words[0], "lsof") == 0)
            lsof(words[1]);
        else
            fputs("proc_inspector: what?\n", stderr);
        puts(".");
        fflush(stdout);
    }
    waitpid(child, NULL, 0);
    return 0;
}
