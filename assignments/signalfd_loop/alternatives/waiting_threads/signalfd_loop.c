/*
 * signalfd_loop, with threads: one reads lines with getline, one keeps the time, and the first one waits for
 * signals in sigwait. They share what they know under one lock.
 */

#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct job {
    struct job *next;
    pid_t pid;
    int number;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct job *jobs;
static int running, last;
static bool input_ended, leaving;
static sigset_t before;

static void start(const char *line)
{
    struct job *job = malloc(sizeof *job);

    if (job == NULL)
        abort();
    pthread_mutex_lock(&lock);
    if (leaving) {
        free(job);
    } else {
        job->number = ++last;
        job->pid = fork();
        if (job->pid == 0) {
            int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
            dup2(fd, 0);
            pthread_sigmask(SIG_SETMASK, &before, NULL);
            execl("/bin/sh", "sh", "-c", line, NULL);
            _exit(126);
        }
        if (job->pid == -1) {
            perror("fork");
            printf("job %d: not started\n", job->number);
            free(job);
        } else {
            printf("job %d: started\n", job->number);
            job->next = jobs;
            jobs = job;
            running++;
        }
        fflush(stdout);
    }
    pthread_mutex_unlock(&lock);
}

static void *read_lines(void *unused)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t length;

    while ((length = getline(&line, &size, stdin)) > 0) {
        line[length - 1] = '\0';
        if (length > 1)
            start(line);
    }
    free(line);
    pthread_mutex_lock(&lock);
    input_ended = true;
    pthread_mutex_unlock(&lock);
    kill(getpid(), SIGCHLD); /* so that the first thread looks whether it has to wait any longer */
    return unused;
}

static void *keep_time(void *argument)
{
    long period = *(long *)argument;
    struct timespec next;

    clock_gettime(CLOCK_MONOTONIC, &next);
    for (long tick = 1;; tick++) {
        struct timespec now;

        next.tv_sec += period / 1000;
        next.tv_nsec += period % 1000 * 1000000;
        next.tv_sec += next.tv_nsec / 1000000000;
        next.tv_nsec %= 1000000000;
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL) != 0)
            continue;

        clock_gettime(CLOCK_MONOTONIC, &now);
        long late = (now.tv_sec - next.tv_sec) * 1000 + (now.tv_nsec - next.tv_nsec) / 1000000;
        if (late >= period)
            continue; /* the next one is due as well: it will be told instead */
        pthread_mutex_lock(&lock);
        printf("tick %ld\n", tick);
        fflush(stdout);
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

static void reap(void)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        struct job **link = &jobs;
        while ((*link)->pid != pid)
            link = &(*link)->next;
        struct job *job = *link;
        *link = job->next;
        running--;
        if (WIFSIGNALED(status))
            printf("job %d: killed by SIG%s\n", job->number, sigabbrev_np(WTERMSIG(status)));
        else
            printf("job %d: exited with %d\n", job->number, WEXITSTATUS(status));
        free(job);
    }
}

int main(int argc, char *argv[])
{
    static long period;
    pthread_t reader, clock;
    sigset_t set;

    if (argc > 2 || (argc == 2 && (period = atol(argv[1])) <= 0)) {
        fprintf(stderr, "usage: %s [PERIOD]\n", argv[0]);
        return 2;
    }

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, &before); /* the other threads inherit it, so all signals come to us */
    pthread_create(&reader, NULL, read_lines, NULL);
    if (period > 0)
        pthread_create(&clock, NULL, keep_time, &period);

    for (bool done = false; !done;) {
        int number;

        sigwait(&set, &number);
        pthread_mutex_lock(&lock);
        if (number == SIGUSR1)
            printf("running: %d\n", running);
        if (number == SIGTERM || number == SIGINT) {
            leaving = true;
            for (struct job *job = jobs; job != NULL; job = job->next)
                kill(job->pid, SIGTERM);
        }
        reap();
        fflush(stdout);
        done = running == 0 && (leaving || input_ended);
        pthread_mutex_unlock(&lock);
    }
    _exit(0); /* the others may be in getline, or asleep */
}
