/*
 * pipe_rules without fork: every child is made with posix_spawn. The reader and the writers are this program again,
 * which knows by the name that it is called by what it is to be, and has its pipe end as standard input or output.
 * In `sigpipe` a thread waits for the command.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

struct pipe_ends {
    int out, in;
};

static void die(const char *what, int error)
{
    dprintf(2, "pipe_rules: %s: %s\n", what, strerror(error));
    exit(1);
}

static struct pipe_ends new_pipe(void)
{
    int fd[2];

    if (pipe2(fd, O_CLOEXEC) == -1)
        die("pipe2", errno);
    return (struct pipe_ends){fd[0], fd[1]};
}

/* Starts a program of which descriptor `number` is `end`. Returns 0 if there is no such program. */
static pid_t spawn(const char *file, char *const argv[], int end, int number)
{
    posix_spawn_file_actions_t actions;
    pid_t pid;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, end, number);
    int error = posix_spawnp(&pid, file, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error == 0)
        return pid;
    if (error == EAGAIN || error == ENOMEM)
        die("posix_spawn", error);
    dprintf(2, "pipe_rules: %s: %s\n", argv[0], strerror(error));
    return 0;
}

static pid_t spawn_self(char *role, int end, int number)
{
    return spawn("/proc/self/exe", (char *[]){role, NULL}, end, number);
}

static int status_of(pid_t pid)
{
    int status = 0;

    if (pid != 0)
        waitpid(pid, &status, 0);
    return status;
}

static int be_reader(void)
{
    char here[1000], there[1000];
    struct iovec parts[] = {{here, sizeof here}, {there, sizeof there}};
    ssize_t n;

    while ((n = readv(0, parts, 2)) > 0)
        dprintf(1, "read %zd\n", n);
    dprintf(1, "end of file\n");
    return 0;
}

static int be_writer(void)
{
    static char zeros[100000];

    while (write(3, zeros, sizeof zeros) >= 0)
        ;
    return 1;
}

static size_t drain(int fd)
{
    size_t total = 0;
    char bytes[777];
    ssize_t n;

    while ((n = read(fd, bytes, sizeof bytes)) > 0)
        total += (size_t)n;
    return total;
}

static void show_eof(char *argv[])
{
    struct pipe_ends pipe = new_pipe();
    pid_t command = spawn(argv[0], argv, pipe.in, 1);

    close(pipe.in);
    dprintf(1, "end of file after %zu bytes\n", drain(pipe.out));
    status_of(command);
}

static void show_empty(void)
{
    struct pipe_ends pipe = new_pipe();
    pid_t reader = spawn_self("be-reader", pipe.out, 0);
    char bytes[65536];
    ssize_t n;

    close(pipe.out);
    dprintf(1, "reader %d\n", reader);
    while ((n = read(0, bytes, sizeof bytes)) > 0) {
        if (write(pipe.in, bytes, (size_t)n) != n)
            die("write", errno);
    }
    close(pipe.in);
    status_of(reader);
}

static void *wait_for_command(void *pid)
{
    status_of(*(pid_t *)pid);
    return NULL;
}

static void show_sigpipe(char *argv[])
{
    struct pipe_ends pipe = new_pipe();
    pid_t command = spawn(argv[0], argv, pipe.out, 0);
    pthread_t waiting;

    close(pipe.out);
    pid_t writer = spawn_self("be-writer", pipe.in, 3);
    close(pipe.in);
    dprintf(1, "writer %d\n", writer);
    if (pthread_create(&waiting, NULL, wait_for_command, &command) != 0)
        die("pthread_create", EAGAIN);
    dprintf(1, "wait status %d\n", status_of(writer));
    pthread_join(waiting, NULL);
}

static void show_full(int size)
{
    struct pipe_ends pipe = new_pipe();
    size_t capacity = 0;
    char c;

    if (size != 0 && fcntl(pipe.out, F_SETPIPE_SZ, size) == -1)
        die("F_SETPIPE_SZ", errno);
    fcntl(pipe.in, F_SETFL, O_NONBLOCK);
    while (write(pipe.in, "#", 1) == 1)
        capacity++;
    fcntl(pipe.in, F_SETFL, 0);
    dprintf(1, "capacity %zu\n", capacity);

    pid_t writer = spawn_self("be-last-byte", pipe.in, 3);
    close(pipe.in);
    dprintf(1, "writer %d\n", writer);
    do {
        if (read(0, &c, 1) != 1)
            break;
    } while (c != '\n');
    dprintf(1, "read %zu\n", drain(pipe.out));
    status_of(writer);
}

static int size_in(const char *word)
{
    int size, length = 0;

    return sscanf(word, "%d%n", &size, &length) == 1 && word[length] == '\0' && size > 0 ? size : 0;
}

int main(int argc, char *argv[])
{
    if (strcmp(argv[0], "be-reader") == 0)
        return be_reader();
    if (strcmp(argv[0], "be-writer") == 0)
        return be_writer();
    if (strcmp(argv[0], "be-last-byte") == 0)
        return write(3, "#", 1) == 1 ? 0 : 1;

    if (argc > 2 && strcmp(argv[1], "eof") == 0)
        show_eof(argv + 2);
    else if (argc == 2 && strcmp(argv[1], "empty") == 0)
        show_empty();
    else if (argc > 2 && strcmp(argv[1], "sigpipe") == 0)
        show_sigpipe(argv + 2);
    else if (argc == 2 && strcmp(argv[1], "full") == 0)
        show_full(0);
    else if (argc == 3 && strcmp(argv[1], "full") == 0 && size_in(argv[2]))
        show_full(size_in(argv[2]));
    else
        return dprintf(2, "usage: pipe_rules eof COMMAND...|empty|sigpipe COMMAND...|full [SIZE]\n"), 2;
    return 0;
}
