/*
 * nonblocking_pipe - gives everything that comes in to several commands, and waits for none of them
 *
 *     ./nonblocking_pipe COMMAND [ARGUMENT...] [-- COMMAND [ARGUMENT...]]...
 *
 * Exit status: 0 if every command exited with 0, otherwise 1; 2 for a usage error.
 */

#define _GNU_SOURCE /* pipe2 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    FAILED = 1,
    USAGE_ERROR = 2,
    NOT_EXECUTABLE = 126,
    NOT_FOUND = 127,
};

enum { CLOSED = -1 }; /* poll(2) passes over a negative descriptor */

enum { PIECE = 64 * 1024 };

/* A command: who it is, our end of its pipe, and how much of the backlog it has got. */
struct command {
    char **argv;
    pid_t pid;
    int input;
    size_t sent;
};

/* What has come in, from the first byte on that some command has not got yet. */
struct backlog {
    char *bytes;
    size_t size;
    size_t capacity;
    bool complete; /* the end of our input has come */
};

static void close_input(struct command *command)
{
    if (command->input != CLOSED)
        close(command->input);
    command->input = CLOSED;
}

/* The child's part: becomes the command, or ends with the status that says why it could not. */
static _Noreturn void become(char *argv[], int read_end)
{
    /*
     * pipe2 has made both ends non-blocking, and a command expects nothing like that: it would take EAGAIN for an
     * error. Each end has flags of its own, so ours stays as it is.
     */
    if (fcntl(read_end, F_SETFL, 0) == -1 || dup2(read_end, STDIN_FILENO) == -1) {
        perror("nonblocking_pipe: standard input");
        _exit(FAILED);
    }
    execvp(argv[0], argv);

    int status = errno == ENOENT ? NOT_FOUND : NOT_EXECUTABLE;
    fprintf(stderr, "nonblocking_pipe: %s: %s\n", argv[0], strerror(errno));
    _exit(status);
}

/* Starts a command at the end of a new pipe. Returns whether it could. */
static bool start(struct command *command)
{
    int fd[2];

    if (pipe2(fd, O_NONBLOCK | O_CLOEXEC) == -1) { /* O_CLOEXEC: later commands must not hold this pipe open */
        perror("nonblocking_pipe: pipe");
        return false;
    }
    command->pid = fork();
    if (command->pid == 0)
        become(command->argv, fd[0]);
    if (command->pid == -1)
        perror("nonblocking_pipe: fork");
    close(fd[0]);
    command->input = fd[1];
    return command->pid != -1;
}

/* Takes the next piece of our input into the backlog. */
static void take_input(struct backlog *backlog)
{
    if (backlog->capacity - backlog->size < PIECE) {
        backlog->capacity = 2 * backlog->capacity + PIECE;
        backlog->bytes = realloc(backlog->bytes, backlog->capacity);
        if (backlog->bytes == NULL) {
            perror("nonblocking_pipe: realloc");
            exit(FAILED);
        }
    }

    ssize_t count = read(STDIN_FILENO, backlog->bytes + backlog->size, PIECE);

    if (count > 0)
        backlog->size += (size_t)count;
    else if (count == 0 || errno != EINTR)
        backlog->complete = true;
}

/* Gives a command of the backlog what its pipe takes now: all, a part, or nothing. */
static void deliver(struct command *command, const struct backlog *backlog)
{
    while (command->sent < backlog->size) {
        ssize_t count = write(command->input, backlog->bytes + command->sent, backlog->size - command->sent);

        if (count > 0) {
            command->sent += (size_t)count;
        } else if (errno == EAGAIN) {
            return; /* the pipe is full; poll will tell when there is room */
        } else if (errno != EINTR) {
            close_input(command); /* EPIPE: it reads no more, and that is its good right */
            return;
        }
    }
}

/* Forgets what every command has got that still reads. */
static void forget(struct backlog *backlog, struct command commands[], size_t count)
{
    size_t done = backlog->size;

    for (size_t i = 0; i < count; i++) {
        if (commands[i].input != CLOSED && commands[i].sent < done)
            done = commands[i].sent;
    }
    if (done < backlog->size && done < PIECE)
        return; /* moving the rest is not worth while yet */
    backlog->size -= done;
    memmove(backlog->bytes, backlog->bytes + done, backlog->size);
    for (size_t i = 0; i < count; i++)
        commands[i].sent -= commands[i].input != CLOSED ? done : 0;
}

/* Closes the pipes of the commands that have got everything there will ever be. Returns how many are still open. */
static size_t close_finished(const struct backlog *backlog, struct command commands[], size_t count)
{
    size_t open = 0;

    for (size_t i = 0; i < count; i++) {
        if (backlog->complete && commands[i].sent == backlog->size)
            close_input(&commands[i]);
        open += commands[i].input != CLOSED;
    }
    return open;
}

/*
 * Hands on what comes in until nobody reads any more or everybody has got everything.
 *
 * The one place where we sleep is poll. There we wait only for what we could do something with: for room in a pipe
 * only if there is something to write to it, for input only until its end. Everything else would be ready at once,
 * always. That a command does not read any more we are told in any case: POLLERR comes unasked.
 */
static void distribute(struct command commands[], size_t count)
{
    struct backlog backlog = {0};
    struct pollfd fds[count + 1];

    while (close_finished(&backlog, commands, count) > 0) {
        for (size_t i = 0; i < count; i++) {
            bool lags = commands[i].sent < backlog.size;
            fds[i] = (struct pollfd){.fd = commands[i].input, .events = lags ? POLLOUT : 0};
        }
        fds[count] = (struct pollfd){.fd = backlog.complete ? CLOSED : STDIN_FILENO, .events = POLLIN};

        if (poll(fds, count + 1, -1) == -1)
            continue; /* EINTR */
        for (size_t i = 0; i < count; i++) {
            if (fds[i].revents == 0)
                continue;
            if (fds[i].events != 0)
                deliver(&commands[i], &backlog);
            else
                close_input(&commands[i]);
        }
        if (fds[count].revents != 0)
            take_input(&backlog);
        forget(&backlog, commands, count);
    }
    free(backlog.bytes);
}

/* Waits for a command. Returns whether it has exited with 0. */
static bool succeeded(const struct command *command)
{
    int status;

    while (waitpid(command->pid, &status, 0) == -1) {
        if (errno != EINTR) {
            perror("nonblocking_pipe: waitpid");
            return false;
        }
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Cuts the words at each "--" into commands. Returns how many there are, or 0 if one of them is empty. */
static size_t parse(char *words[], struct command commands[])
{
    size_t count = 0;

    for (char **word = words;; word++) {
        char **first = word;

        while (*word != NULL && strcmp(*word, "--") != 0)
            word++;
        if (word == first)
            return 0;
        commands[count++] = (struct command){.argv = first, .pid = -1, .input = CLOSED};
        if (*word == NULL)
            return count;
        *word = NULL;
    }
}

int main(int argc, char *argv[])
{
    struct command commands[argc];
    size_t count = parse(argv + 1, commands);
    size_t started = 0;
    bool all_well = true;

    if (count == 0) {
        fprintf(stderr, "usage: nonblocking_pipe COMMAND [ARGUMENT...] [-- COMMAND [ARGUMENT...]]...\n");
        return USAGE_ERROR;
    }
    while (started < count && start(&commands[started]))
        started++;

    if (started > 0) {
        signal(SIGPIPE, SIG_IGN); /* only now: what is ignored before fork stays so in the child, across exec */
        distribute(commands, started);
    }
    for (size_t i = 0; i < count; i++)
        close_input(&commands[i]);
    for (size_t i = 0; i < started; i++)
        all_well = succeeded(&commands[i]) && all_well;
    return started == count && all_well ? EXIT_SUCCESS : FAILED;
}
