/* background_runner with threads: two for each job, one for each of its outputs, and posix_spawn. */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t one_less = PTHREAD_COND_INITIALIZER;
static int running;
static bool failed;

struct job {
    int number;
    pid_t pid;
    FILE *out;
    FILE *err;
};

/* Passes on lines until there are no more. */
static void relay(int number, const char *name, FILE *from)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t length;

    while ((length = getline(&line, &size, from)) != -1) {
        if (line[length - 1] == '\n')
            length--;
        pthread_mutex_lock(&lock);
        printf("[%d] %s: ", number, name);
        fwrite(line, 1, (size_t)length, stdout);
        printf("\n");
        fflush(stdout);
        pthread_mutex_unlock(&lock);
    }
    free(line);
    fclose(from);
}

static void *relay_errors(void *argument)
{
    struct job *job = argument;

    relay(job->number, "STDERR", job->err);
    return NULL;
}

static void *attend(void *argument)
{
    struct job *job = argument;
    pthread_t errors;
    int status = 0;

    if (pthread_create(&errors, NULL, relay_errors, job) != 0)
        abort();
    relay(job->number, "STDOUT", job->out);
    pthread_join(errors, NULL);
    while (waitpid(job->pid, &status, 0) == -1 && errno == EINTR)
        continue;

    pthread_mutex_lock(&lock);
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    printf("[%d] RUN LOG: Process finished! exit_code=%d\n", job->number, code);
    fflush(stdout);
    failed |= code != 0;
    running--;
    pthread_cond_signal(&one_less);
    pthread_mutex_unlock(&lock);
    free(job);
    return NULL;
}

static int spawn(struct job *job, char *command)
{
    char *argv[] = {"sh", "-c", command, NULL};
    int out[2], err[2];
    posix_spawn_file_actions_t actions;

    if (pipe2(out, O_CLOEXEC) == -1)
        return errno;
    if (pipe2(err, O_CLOEXEC) == -1) {
        int error = errno;
        close(out[0]);
        close(out[1]);
        return error;
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    posix_spawn_file_actions_adddup2(&actions, err[1], 2);
    int error = posix_spawn(&job->pid, "/bin/sh", &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(out[1]);
    close(err[1]);
    if (error != 0) {
        close(out[0]);
        close(err[0]);
        return error;
    }
    job->out = fdopen(out[0], "r");
    job->err = fdopen(err[0], "r");
    if (job->out == NULL || job->err == NULL)
        abort();
    return 0;
}

static void start(int number, char *command)
{
    struct job *job = calloc(1, sizeof *job);
    pthread_t thread;

    if (job == NULL)
        abort();
    job->number = number;
    int error = spawn(job, command);

    pthread_mutex_lock(&lock);
    if (error != 0)
        printf("[%d] RUN LOG: Process not started! %s\n", number, strerror(error));
    else
        printf("[%d] RUN LOG: Process started! pid=%d\n", number, (int)job->pid);
    fflush(stdout);
    failed |= error != 0;
    running += error == 0;
    pthread_mutex_unlock(&lock);

    if (error != 0) {
        free(job);
        return;
    }
    if (pthread_create(&thread, NULL, attend, job) != 0)
        abort();
    pthread_detach(thread);
}

int main(void)
{
    char *line = NULL;
    size_t size = 0;
    int number = 0;

    while (getline(&line, &size, stdin) != -1) {
        line[strcspn(line, "\n")] = '\0';
        if (line[strspn(line, " \t")] != '\0')
            start(++number, line);
    }
    free(line);

    pthread_mutex_lock(&lock);
    while (running > 0)
        pthread_cond_wait(&one_less, &lock);
    pthread_mutex_unlock(&lock);
    return failed;
}
