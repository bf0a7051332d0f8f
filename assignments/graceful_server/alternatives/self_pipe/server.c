/* server: handlers write the signal's number into a pipe, and poll waits for input and for that pipe. */

#define _GNU_SOURCE

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int self[2];
static const char *config;
static char title[300];
static int served;
static bool over;

static void tell_main(int number)
{
    int error = errno;
    unsigned char byte = (unsigned char)number;

    (void)!write(self[1], &byte, 1); /* if it is full, there is enough to do already */
    errno = error;
}

static bool load(void)
{
    char bytes[sizeof title];
    int fd = open(config, O_RDONLY | O_CLOEXEC);
    ssize_t count = fd == -1 ? -1 : read(fd, bytes, sizeof bytes - 1);

    if (fd != -1)
        close(fd);
    if (count <= 0) {
        warn("%s", config);
        return false;
    }
    bytes[count] = '\0';
    bytes[strcspn(bytes, "\n")] = '\0';
    strcpy(title, bytes);
    return true;
}

static void take_signals(void)
{
    unsigned char numbers[64];
    ssize_t count = read(self[0], numbers, sizeof numbers);

    for (ssize_t i = 0; i < count; i++) {
        if (numbers[i] == SIGHUP && load())
            printf("reloaded: %s\n", title);
        else if (numbers[i] == SIGUSR1)
            printf("served: %d\n", served);
        else if (numbers[i] != SIGHUP)
            over = true;
    }
    fflush(stdout);
}

static void put_all(const char *bytes, size_t count)
{
    size_t done = 0;

    while (done < count) {
        ssize_t written = write(STDOUT_FILENO, bytes + done, count - done);
        if (written >= 0)
            done += (size_t)written;
        else if (errno != EINTR)
            err(1, "write");
    }
}

static void get(const char *name)
{
    FILE *file = fopen(name, "re");
    char *bytes = NULL;
    long size;

    if (file == NULL) {
        printf("%s: %s\n", name, strerror(errno));
        return;
    }
    fseek(file, 0, SEEK_END);
    size = ftell(file);
    rewind(file);
    bytes = malloc((size_t)size + 1);
    if (bytes == NULL || fread(bytes, 1, (size_t)size, file) != (size_t)size)
        err(1, "%s", name);
    printf("%s: %ld\n", name, size);
    fflush(stdout);
    put_all(bytes, (size_t)size);
    free(bytes);
    fclose(file);
}

static void run(char *command)
{
    char *argv[] = {"sh", "-c", command, NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status = 0;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    int error = posix_spawn(&pid, "/bin/sh", &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0)
        errx(1, "sh: %s", strerror(error));
    while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
        ;
    printf("status: %d\n", WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

static void serve(char *request)
{
    if (strncmp(request, "say ", 4) == 0)
        printf("%s: %s\n", title, request + 4);
    else if (strncmp(request, "get ", 4) == 0)
        get(request + 4);
    else if (strncmp(request, "run ", 4) == 0)
        run(request + 4);
    else
        puts("what?");
    served++;
    fflush(stdout);
}

int main(int argc, char *argv[])
{
    if (argc != 2)
        errx(2, "usage: server CONFIG");
    config = argv[1];
    if (!load())
        return 1;
    if (pipe2(self, O_CLOEXEC | O_NONBLOCK) == -1)
        err(1, "pipe");

    struct sigaction action = {.sa_handler = tell_main, .sa_flags = SA_RESTART};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    printf("ready: %s\n", title);
    fflush(stdout);

    static char line[8192];
    size_t used = 0;
    bool at_end = false;
    while (!over && !at_end) {
        struct pollfd waiting[] = {{.fd = self[0], .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};

        if (poll(waiting, 2, -1) == -1)
            continue;
        take_signals();
        if (over || waiting[1].revents == 0)
            continue;
        ssize_t count = read(STDIN_FILENO, line + used, sizeof line - used);
        at_end = count == 0;
        used += count > 0 ? (size_t)count : 0;

        char *newline;
        while (!over && (newline = memchr(line, '\n', used)) != NULL) {
            char request[8192];
            size_t length = (size_t)(newline - line);

            memcpy(request, line, length);
            request[length] = '\0';
            used -= length + 1;
            memmove(line, newline + 1, used);
            serve(request);
            take_signals();
        }
    }
    printf("bye: %d\n", served);
    return 0;
}
