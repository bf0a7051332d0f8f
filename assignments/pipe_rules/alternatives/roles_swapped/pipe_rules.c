/*
 * pipe_rules with the roles the other way round: in `empty` the first process reads and the child hands on, line by
 * line with stdio; in `sigpipe` the writer is there before the command, and the statuses are collected by wait(2).
 */
#define _GNU_SOURCE

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int from, to; /* the one pipe of the experiment */

static void make(void)
{
    int ends[2];

    if (pipe(ends) != 0)
        err(1, "pipe");
    from = ends[0];
    to = ends[1];
}

static pid_t child(void)
{
    pid_t pid;

    fflush(NULL);
    if ((pid = fork()) < 0)
        err(1, "fork");
    return pid;
}

static void execute(char **words)
{
    close(from);
    close(to);
    execvp(words[0], words);
    warn("%s", words[0]);
    _exit(errno == ENOENT ? 127 : 126);
}

static void say(const char *what, long number)
{
    printf("%s %ld\n", what, number);
    fflush(stdout);
}

static int eof(char **words)
{
    make();
    if (child() == 0) {
        dup2(to, 1);
        execute(words);
    }
    close(to);

    FILE *pipe = fdopen(from, "r");
    long count = 0;
    while (getc(pipe) != EOF)
        count++;
    printf("end of file after %ld bytes\n", count);
    fflush(stdout);
    fclose(pipe);
    wait(NULL);
    return 0;
}

static int empty(void)
{
    make();
    pid_t me = getpid();
    if (child() == 0) {
        char *line = NULL;
        size_t size = 0;
        ssize_t length;

        close(from);
        while ((length = getline(&line, &size, stdin)) > 0) {
            if (write(to, line, (size_t)length) != length)
                _exit(1);
        }
        free(line);
        _exit(0);
    }
    close(to);
    say("reader", me);

    char buffer[100];
    ssize_t n;
    while ((n = read(from, buffer, sizeof buffer)) > 0)
        say("read", n);
    puts("end of file");
    fflush(stdout);
    close(from);
    wait(NULL);
    return 0;
}

static int sigpipe(char **words)
{
    make();
    pid_t writer = child();
    if (writer == 0) {
        FILE *pipe = fdopen(to, "w");

        close(from);
        for (;;)
            fputs("and so on, ", pipe);
    }
    say("writer", writer);
    pid_t command = child();
    if (command == 0) {
        dup2(from, 0);
        execute(words);
    }
    close(from);
    close(to);

    int status;
    for (pid_t gone; (gone = wait(&status)) > 0;) {
        if (gone == writer)
            say("wait status", status);
    }
    return 0;
}

static int full(const char *size)
{
    make();
    if (size != NULL && fcntl(from, F_SETPIPE_SZ, atoi(size)) < 0)
        err(1, "F_SETPIPE_SZ");

    int flags = fcntl(to, F_GETFL), held;
    fcntl(to, F_SETFL, flags | O_NONBLOCK);
    while (write(to, "", 1) == 1)
        ;
    if (errno != EAGAIN)
        err(1, "write");
    fcntl(to, F_SETFL, flags);
    ioctl(from, FIONREAD, &held);
    say("capacity", held);

    pid_t writer = child();
    if (writer == 0) {
        close(from);
        _exit(write(to, "", 1) != 1);
    }
    close(to);
    say("writer", writer);
    getchar();

    long count = 0;
    char buffer[4096];
    for (ssize_t n; (n = read(from, buffer, sizeof buffer)) > 0;)
        count += n;
    say("read", count);
    close(from);
    wait(NULL);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc >= 3 && !strcmp(argv[1], "eof"))
        return eof(argv + 2);
    if (argc == 2 && !strcmp(argv[1], "empty"))
        return empty();
    if (argc >= 3 && !strcmp(argv[1], "sigpipe"))
        return sigpipe(argv + 2);
    if (argc == 2 && !strcmp(argv[1], "full"))
        return full(NULL);
    if (argc == 3 && !strcmp(argv[1], "full") && strspn(argv[2], "0123456789") == strlen(argv[2]) && atoi(argv[2]) > 0)
        return full(argv[2]);
    errx(2, "usage: eof COMMAND... | empty | sigpipe COMMAND... | full [SIZE]");
}
