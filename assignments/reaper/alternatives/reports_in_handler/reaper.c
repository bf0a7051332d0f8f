/*
 * reaper that does everything about children in the handler of SIGCHLD, with write(2) and nothing that is not
 * async-signal-safe, and lets read(2) be restarted behind it.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t running, failed;

struct line {
    char text[64];
    size_t length;
};

static void add(struct line *line, const char *text)
{
    while (*text != '\0' && line->length < sizeof line->text)
        line->text[line->length++] = *text++;
}

static void add_number(struct line *line, int number)
{
    char digits[12];
    char *first = digits + sizeof digits - 1;

    *first = '\0';
    do {
        *--first = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    add(line, first);
}

static void put(struct line *line)
{
    add(line, "\n");
    (void)!write(STDOUT_FILENO, line->text, line->length);
}

static void on_child(int number)
{
    int saved = errno;
    int status;
    pid_t pid;

    (void)number;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        struct line line = {.length = 0};

        running--;
        if (status != 0)
            failed = 1;
        add(&line, "pid ");
        add_number(&line, pid);
        if (WIFSIGNALED(status)) {
            const char *name = sigabbrev_np(WTERMSIG(status));
            add(&line, ": killed by SIG");
            add(&line, name != NULL ? name : "RT");
        } else {
            add(&line, ": exited with ");
            add_number(&line, WEXITSTATUS(status));
        }
        put(&line);
    }
    if (running == 0)
        _exit(failed);
    errno = saved;
}

static int start(char *argv[], const sigset_t *mask)
{
    pid_t pid = fork();

    if (pid == 0) {
        signal(SIGCHLD, SIG_DFL);
        sigprocmask(SIG_SETMASK, mask, NULL);
        if (dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO) == -1)
            _exit(126);
        execvp(argv[0], argv);
        int error = errno;
        fprintf(stderr, "reaper: %s: %s\n", argv[0], strerror(error));
        _exit(error == ENOENT ? 127 : 126);
    }
    if (pid == -1) {
        perror("reaper: fork");
        failed = 1;
        return 0;
    }

    struct line line = {.length = 0};
    add(&line, "pid ");
    add_number(&line, pid);
    add(&line, ": started ");
    add(&line, argv[0]);
    put(&line);
    running++;
    return 1;
}

int main(int argc, char *argv[])
{
    sigset_t child, before;
    char *previous = "--";

    for (int i = 1; i < argc || previous != NULL; previous = argv[i++]) {
        const char *word = i < argc ? argv[i] : "--";
        if (strcmp(word, "--") == 0 && strcmp(previous, "--") == 0) {
            fprintf(stderr, "usage: reaper COMMAND [ARGUMENT...] [-- COMMAND [ARGUMENT...]]...\n");
            return 2;
        }
        if (i >= argc)
            break;
    }

    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, &before);
    signal(SIGCHLD, on_child); /* with SA_RESTART, as the library does it */

    int first = 1;
    for (int i = 1; i <= argc; i++) {
        if (i < argc && strcmp(argv[i], "--") != 0)
            continue;
        argv[i] = NULL;
        if (!start(argv + first, &before))
            break;
        first = i + 1;
    }
    if (running == 0)
        return failed;
    sigprocmask(SIG_SETMASK, &before, NULL);

    char byte;
    while (read(STDIN_FILENO, &byte, 1) == 1) {
        if (byte != '\n')
            continue;
        struct line line = {.length = 0};
        add(&line, "running: ");
        add_number(&line, running);
        put(&line);
    }
    for (;;)
        pause(); /* the handler ends us */
}
