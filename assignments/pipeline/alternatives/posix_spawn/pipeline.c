/*
 * pipeline, by posix_spawn: what the child would do between fork and exec is written down beforehand,
 * as file actions and attributes. The stages are ended by Ctrl-C; this process blocks it.
 */

#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* One command: what to run and, once it was tried, what came of it. */
struct stage {
    char **argv;
    pid_t pid;  /* 0 if there is no process to wait for */
    int status; /* as a shell counts it, valid once the stage is over */
};

/* Fills `stages` from the words between the bars; returns their number, or 0 if one is empty. */
static size_t parse(char **words, struct stage *stages)
{
    size_t count = 0;

    for (;;) {
        if (*words == NULL || strcmp(*words, "|") == 0)
            return 0;
        stages[count++].argv = words;
        while (*words != NULL && strcmp(*words, "|") != 0)
            words++;
        if (*words == NULL)
            return count;
        *words++ = NULL;
    }
}

/* The errors of posix_spawnp that are about this process and the machine, not about the command. */
static int is_about_us(int error)
{
    return error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE;
}

/* Starts a stage. A command that cannot be executed is a stage that is over; -1: no stage can be started. */
static int spawn(struct stage *stage, int in, int out, const sigset_t *mask)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;

    int error = posix_spawn_file_actions_init(&actions);
    if (error == 0 && (error = posix_spawnattr_init(&attributes)) != 0)
        posix_spawn_file_actions_destroy(&actions);
    if (error != 0) {
        fprintf(stderr, "pipeline: %s\n", strerror(error));
        return -1;
    }

    posix_spawnattr_setsigmask(&attributes, mask);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    error = posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    if (error == 0)
        error = posix_spawnp(&stage->pid, stage->argv[0], &actions, &attributes, stage->argv, environ);

    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);

    if (error == 0)
        return 0;
    stage->pid = 0;
    stage->status = error == ENOENT ? 127 : 126;
    fprintf(stderr, "pipeline: %s: %s\n", stage->argv[0], strerror(error));
    return is_about_us(error) ? -1 : 0;
}

/* Connects and starts all stages; returns 0, or -1 with whatever could be started running. */
static int spawn_all(struct stage *stages, size_t count, const sigset_t *mask)
{
    int in = STDIN_FILENO;
    int result = 0;

    for (size_t i = 0; i < count && result == 0; i++) {
        int next_in = -1;
        int out = STDOUT_FILENO;

        if (i + 1 < count) {
            int ends[2];
            if (pipe2(ends, O_CLOEXEC) == -1) {
                fprintf(stderr, "pipeline: cannot make a pipe: %s\n", strerror(errno));
                result = -1;
                break;
            }
            next_in = ends[0];
            out = ends[1];
        }
        result = spawn(&stages[i], in, out, mask);
        if (out != STDOUT_FILENO)
            close(out);
        if (in != STDIN_FILENO)
            close(in);
        in = next_in;
    }
    if (in > STDIN_FILENO)
        close(in);
    return result;
}

static void wait_all(struct stage *stages, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        siginfo_t info = {0};

        if (stages[i].pid == 0)
            continue;
        while (waitid(P_PID, (id_t)stages[i].pid, &info, WEXITED) == -1 && errno == EINTR)
            continue;
        stages[i].status = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
    }
}

int main(int argc, char *argv[])
{
    struct stage *stages = calloc((size_t)argc, sizeof *stages);
    if (stages == NULL) {
        perror("pipeline");
        return 1;
    }

    size_t count = parse(argv + 1, stages);
    if (count == 0) {
        fputs("pipeline: a command is missing\n", stderr);
        free(stages);
        return 2;
    }

    sigset_t interrupt, before;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    sigprocmask(SIG_BLOCK, &interrupt, &before);

    int started = spawn_all(stages, count, &before);
    wait_all(stages, count);

    int status = started == 0 ? stages[count - 1].status : 1;
    free(stages);
    return status;
}
