/*
 * nonblocking_pipe with a thread for each command, which sleeps in poll until there is room in its pipe or news on
 * its eventfd. One more thread reads the input into a log that only grows. Commands are started by posix_spawn.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define LOG_BYTES (64u << 20)
#define COMMANDS 64

static char *log_bytes; /* as large as it may ever get; the kernel gives memory only for what is used */
static size_t log_size;
static int log_over;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct feeder {
    pthread_t thread;
    pid_t pid;
    int to, news;
} feeders[COMMANDS];
static int count;

static void tell_all(void)
{
    for (int i = 0; i < count; i++)
        eventfd_write(feeders[i].news, 1);
}

static void *read_input(void *unused)
{
    (void)unused;
    for (;;) {
        ssize_t got = read(0, log_bytes + log_size, LOG_BYTES - log_size < 4096 ? LOG_BYTES - log_size : 4096);

        pthread_mutex_lock(&lock);
        if (got > 0)
            log_size += (size_t)got;
        else
            log_over = 1;
        pthread_mutex_unlock(&lock);
        tell_all();
        if (got <= 0)
            return NULL;
    }
}

static void *feed(void *argument)
{
    struct feeder *feeder = argument;
    size_t sent = 0;

    for (;;) {
        pthread_mutex_lock(&lock);
        size_t size = log_size;
        int over = log_over;
        pthread_mutex_unlock(&lock);
        if (over && sent == size)
            break;

        struct pollfd fds[] = {{feeder->to, sent < size ? POLLOUT : 0, 0}, {feeder->news, POLLIN, 0}};
        if (poll(fds, 2, -1) < 0)
            continue;
        if (fds[1].revents)
            eventfd_read(feeder->news, &(eventfd_t){0});
        if (fds[0].revents & POLLERR)
            break;
        if (fds[0].revents & POLLOUT) {
            ssize_t done = write(feeder->to, log_bytes + sent, size - sent);
            if (done > 0)
                sent += (size_t)done;
            else if (errno != EAGAIN && errno != EINTR)
                break;
        }
    }
    close(feeder->to);
    return NULL;
}

/* 0 if the command runs, 1 if it cannot be executed, -1 if the machine does not let us. */
static int spawn(char **words, struct feeder *feeder)
{
    int fd[2], error;
    posix_spawn_file_actions_t actions;

    if (pipe2(fd, O_NONBLOCK | O_CLOEXEC) != 0) {
        perror("nonblocking_pipe: pipe2");
        return -1;
    }
    fcntl(fd[0], F_SETFL, fcntl(fd[0], F_GETFL) & ~O_NONBLOCK);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fd[0], 0);
    error = posix_spawnp(&feeder->pid, words[0], &actions, NULL, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(fd[0]);
    if (error != 0) {
        close(fd[1]);
        fprintf(stderr, "nonblocking_pipe: %s: %s\n", words[0], strerror(error));
        return error == EAGAIN || error == ENOMEM ? -1 : 1;
    }
    feeder->to = fd[1];
    feeder->news = eventfd(0, EFD_CLOEXEC);
    return 0;
}

int main(int argc, char **argv)
{
    int failed = 0, given_up = 0, status;
    char **commands[COMMANDS];
    int n = 0;

    for (int i = 1; i <= argc && n < COMMANDS; i++) {
        commands[n++] = &argv[i];
        int start = i;
        while (i < argc && strcmp(argv[i], "--"))
            i++;
        if (i == start) {
            fputs("usage: nonblocking_pipe COMMAND [ARGUMENT...] [-- COMMAND [ARGUMENT...]]...\n", stderr);
            return 2;
        }
        argv[i] = NULL;
        if (i == argc)
            break;
    }

    for (int i = 0; i < n && !given_up; i++) {
        int outcome = spawn(commands[i], &feeders[count]);
        count += outcome == 0;
        failed |= outcome != 0;
        given_up = outcome < 0;
    }

    signal(SIGPIPE, SIG_IGN);
    if (given_up) {
        for (int i = 0; i < count; i++)
            close(feeders[i].to);
    } else if (count > 0) {
        pthread_t reading;

        log_bytes = malloc(LOG_BYTES);
        for (int i = 0; i < count; i++)
            pthread_create(&feeders[i].thread, NULL, feed, &feeders[i]);
        pthread_create(&reading, NULL, read_input, NULL);
        for (int i = 0; i < count; i++)
            pthread_join(feeders[i].thread, NULL);
    }
    for (int i = 0; i < count; i++) {
        waitpid(feeders[i].pid, &status, 0);
        failed |= status != 0;
    }
    return failed;
}
