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
 *
 * The command is started, and the lines are read. What is left for you is marked TODO.
 */

#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
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
};

/* Answers `ps` and `ps PID...`. `pids` has what stands behind the first word, or is empty. */
static void answer_ps(char *pids)
{
    /*
     * TODO: a line for each process: PID PARENT STATE THREADS SIZE COMMAND. Which processes are there? Which
     * file says what? And what if a process has ended in the meantime?
     */
    (void)pids;
}

/* Answers `lsof PID`. */
static void answer_lsof(char *word)
{
    pid_t pid = atoi(word);

    /*
     * TODO: its working folder, its program, the files that it has mapped, its descriptors. What can you not
     * read, and of whom? What do you have to close again, on every way out?
     */
    (void)pid;
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
