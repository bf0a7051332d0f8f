/*
 * background_runner - runs commands in the background and passes on, line by line, what they print
 *
 * Each line of standard input is a command for the shell. All that is printed says whose it is:
 *
 *     [1] RUN LOG: Process started! pid=4012
 *     [1] STDOUT: a line of its standard output
 *     [1] STDERR: a line of its standard error
 *     [1] RUN LOG: Process finished! exit_code=0
 *
 * The lines of the run log are here already. What is left for you is marked TODO.
 */

#define _GNU_SOURCE /* pipe2, ppoll */

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

static void log_started(int job, pid_t pid)
{
    printf("[%d] RUN LOG: Process started! pid=%d\n", job, (int)pid);
}

static void log_not_started(int job, int error)
{
    printf("[%d] RUN LOG: Process not started! %s\n", job, strerror(error));
}

static void log_finished(int job, int exit_code)
{
    printf("[%d] RUN LOG: Process finished! exit_code=%d\n", job, exit_code);
}

/* Passes on one line, given without its newline. `stream` is "STDOUT" or "STDERR". */
static void pass_on(int job, const char *stream, const char *line, size_t length)
{
    printf("[%d] %s: ", job, stream);
    fwrite(line, 1, length, stdout);
    putchar('\n');
}

/* Starts a command with two pipes for its output. Returns its pid, or -1 with errno set. */
static pid_t start(const char *command)
{
    /*
     * TODO: two pipes and a child that becomes `/bin/sh -c command`. What does it read? Who holds
     * which end of which pipe when all is set up, and who must not?
     */
    (void)command;
    errno = ENOSYS;
    return -1;
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\n")] == '\0';
}

int main(void)
{
    char *command = NULL;
    size_t size = 0;
    int last_job = 0;

    /*
     * TODO: getline waits for a line, and for nothing else. While it does, who passes on what the
     * jobs print, and who learns that one of them has ended?
     */
    while (getline(&command, &size, stdin) != -1) {
        if (is_blank(command))
            continue;

        int job = ++last_job;
        pid_t pid = start(command);

        if (pid == -1) {
            log_not_started(job, errno);
            continue;
        }
        log_started(job, pid);
        pass_on(job, "STDOUT", "TODO", strlen("TODO"));
        log_finished(job, 0);
    }
    free(command);
    return EXIT_FAILURE;
}
