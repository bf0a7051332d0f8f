/*
 * proc_inspector - starts a command, and answers questions about processes from what /proc says
 *
 *     ./proc_inspector COMMAND [ARGUMENT...]
 *
 * Questions come on standard input, a line each:
 *
 *     ps              a line for each process
 *     ps PID...       a line for each of these
 *     lsof PID        the files that a process uses
 *
 * Each answer ends with a line that is a dot.
 */

#define _GNU_SOURCE

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    NOT_STARTED = 1,
    USAGE_ERROR = 2,
    NOT_EXECUTED = 127,
    PROC_PATH = 64, /* room for the longest path that is made here, "/proc/4194304/fd/1048576" */
};

struct process {
    pid_t pid;
    pid_t parent;
    char state;
    int threads;
    long size_kib;
    char command[64]; /* of a program it is at most 15 bytes; the kernel's own threads have longer names */
};

/* The files that a process has mapped, each once. */
struct files {
    char **paths;
    size_t count;
};

/* Opens a file of a process, such as "stat". Returns NULL if it is not there (any more) or not for us to read. */
static FILE *open_file(pid_t pid, const char *name)
{
    char path[PROC_PATH];

    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    return fopen(path, "re");
}

/*
 * Takes a line of /proc/PID/stat apart: "4012 (sleep) S 4011 ...". The command's name is between
 * parentheses, and may itself have spaces and parentheses in it, as every process can call itself what it
 * likes. But nothing behind the name has a parenthesis, so that the last one in the line ends it.
 */
static bool parse_stat(const char *line, struct process *process)
{
    const char *opening = strchr(line, '(');
    const char *closing = strrchr(line, ')');

    if (opening == NULL || closing == NULL || closing < opening)
        return false;
    snprintf(process->command, sizeof process->command, "%.*s", (int)(closing - opening - 1), opening + 1);

    return sscanf(closing + 1, " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %d", &process->state,
                  &process->parent, &process->threads) == 3;
}

/* Reads /proc/PID/stat; false if the process is gone, be it before or after we could open the file. */
static bool read_stat(pid_t pid, struct process *process)
{
    char line[1024];
    FILE *file = open_file(pid, "stat");

    if (file == NULL)
        return false;

    size_t length = fread(line, 1, sizeof line - 1, file);

    fclose(file);
    line[length] = '\0';
    process->pid = pid;
    return parse_stat(line, process);
}

/* The size of a process's memory, as /proc/PID/status has it; 0 if it has none, as a zombie. */
static long read_size(pid_t pid)
{
    FILE *file = open_file(pid, "status");
    char *line = NULL;
    size_t room = 0;
    long size_kib = 0;

    if (file == NULL)
        return 0;
    while (getline(&line, &room, file) != -1) {
        if (sscanf(line, "VmSize: %ld", &size_kib) == 1)
            break;
    }
    free(line);
    fclose(file);
    return size_kib;
}

/* Prints the line of one process. One that has vanished meanwhile is no error: there is nothing to say of it. */
static void show_process(pid_t pid)
{
    struct process process;

    if (!read_stat(pid, &process))
        return;
    process.size_kib = read_size(pid);
    printf("%d %d %c %d %ld %s\n", (int)process.pid, (int)process.parent, process.state, process.threads,
           process.size_kib, process.command);
}

/* The number that a directory entry's name is, or -1: in /proc there is more than processes. */
static int number_of(const char *name)
{
    for (const char *digit = name; *digit != '\0'; digit++) {
        if (!isdigit((unsigned char)*digit))
            return -1;
    }
    return *name != '\0' ? atoi(name) : -1;
}

/* Lists every process; /proc has them in the order of their pids. */
static void show_all(void)
{
    DIR *directory = opendir("/proc");
    struct dirent *entry;

    if (directory == NULL) {
        perror("proc_inspector: /proc");
        return;
    }
    while ((entry = readdir(directory)) != NULL) {
        int pid = number_of(entry->d_name);

        if (pid > 0)
            show_process(pid);
    }
}

/* Answers `ps` and `ps PID...`. `pids` has what stands behind the first word. */
static void answer_ps(char *pids)
{
    char *word = strtok(pids, " ");

    if (word == NULL)
        show_all();
    for (; word != NULL; word = strtok(NULL, " "))
        show_process(atoi(word));
}

/* Reads where a link of a process points to. readlink does not end what it writes with a zero byte. */
static bool read_link(pid_t pid, const char *name, char target[PATH_MAX])
{
    char path[PROC_PATH];

    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    ssize_t length = readlink(path, target, PATH_MAX - 1);

    if (length == -1)
        return false;
    target[length] = '\0';
    return true;
}

/* Prints where a link points to, under that label; nothing if it is not there or not for us to read. */
static void show_link(pid_t pid, const char *name, const char *label)
{
    char target[PATH_MAX];

    if (read_link(pid, name, target))
        printf("%s %s\n", label, target);
}

/* Adds a path, unless it is there already. Returns false if there is no memory. */
static bool add(struct files *files, const char *path)
{
    for (size_t i = 0; i < files->count; i++) {
        if (strcmp(files->paths[i], path) == 0)
            return true;
    }

    char **paths = reallocarray(files->paths, files->count + 1, sizeof *paths);

    if (paths == NULL)
        return false;
    files->paths = paths;
    paths[files->count] = strdup(path);
    return paths[files->count++] != NULL;
}

/*
 * Collects the files of /proc/PID/maps, "address permissions offset device inode   /path": the path goes
 * to the end of the line, spaces and all. What is no file has none, or one in brackets such as [heap].
 */
static void read_maps(pid_t pid, struct files *files)
{
    FILE *file = open_file(pid, "maps");
    char *line = NULL;
    size_t room = 0;

    if (file == NULL)
        return;
    while (getline(&line, &room, file) != -1) {
        char *path = strchr(line, '/');

        line[strcspn(line, "\n")] = '\0';
        if (path != NULL && !add(files, path))
            break;
    }
    free(line);
    fclose(file);
}

/* Prints the mapped files, but for the program itself. */
static void show_mapped_files(pid_t pid)
{
    struct files files = {.paths = NULL, .count = 0};
    char program[PATH_MAX];

    if (!read_link(pid, "exe", program))
        program[0] = '\0';
    read_maps(pid, &files);
    for (size_t i = 0; i < files.count; i++) {
        if (strcmp(files.paths[i], program) != 0)
            printf("mem %s\n", files.paths[i]);
        free(files.paths[i]);
    }
    free(files.paths);
}

/* Prints the descriptors; /proc/PID/fd has them in the order of their numbers. */
static void show_descriptors(pid_t pid)
{
    char path[PROC_PATH];

    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *directory = opendir(path);
    struct dirent *entry;

    if (directory == NULL)
        return; /* it has vanished, is a zombie, or belongs to somebody else */
    while ((entry = readdir(directory)) != NULL) {
        int fd = number_of(entry->d_name);

        if (fd >= 0) {
            snprintf(path, sizeof path, "fd/%d", fd);
            show_link(pid, path, entry->d_name);
        }
    }
    closedir(directory);
}

/* Answers `lsof PID`. */
static void answer_lsof(char *word)
{
    pid_t pid = atoi(word);

    show_link(pid, "cwd", "cwd");
    show_link(pid, "exe", "txt");
    show_mapped_files(pid);
    show_descriptors(pid);
}

/* Answers one line. */
static void answer(char *line)
{
    line[strcspn(line, "\n")] = '\0';

    char *rest = line + strcspn(line, " ");

    if (*rest != '\0')
        *rest++ = '\0';
    if (strcmp(line, "ps") == 0)
        answer_ps(rest);
    else if (strcmp(line, "lsof") == 0)
        answer_lsof(rest);
    else
        fprintf(stderr, "proc_inspector: %s: no such question\n", line);
    puts(".");
}

/* Starts the command, with /dev/null to read: our lines are not for it. Returns its pid, or -1. */
static pid_t start(char *argv[])
{
    pid_t pid = fork();

    if (pid == -1)
        perror("proc_inspector: fork");
    if (pid == 0) {
        int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

        if (nothing != -1 && dup2(nothing, STDIN_FILENO) != -1)
            execvp(argv[0], argv);
        fprintf(stderr, "proc_inspector: %s: %s\n", argv[0], strerror(errno));
        _exit(NOT_EXECUTED);
    }
    return pid;
}

int main(int argc, char *argv[])
{
    char *line = NULL;
    size_t room = 0;

    if (argc < 2) {
        fprintf(stderr, "usage: proc_inspector COMMAND [ARGUMENT...]\n");
        return USAGE_ERROR;
    }

    setvbuf(stdout, NULL, _IOLBF, 0); /* each line at once, into a pipe as well */

    pid_t pid = start(argv + 1);

    if (pid == -1)
        return NOT_STARTED;
    while (getline(&line, &room, stdin) != -1)
        answer(line);
    free(line);
    while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
        continue;
    return EXIT_SUCCESS;
}
