/*
 * server - serves requests from its standard input, and ends, reloads and reports when a signal asks for it
 *
 *     ./server CONFIG
 *
 * Exit status: 0 after an orderly end, 1 if something failed, 2 for a usage error.
 */

#define _GNU_SOURCE /* ppoll */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    FAILED = 1,
    USAGE_ERROR = 2,
    NOT_STARTED = 126,
    SIGNAL_BASE = 128,
    LINE_SIZE = 4096,
    TITLE_SIZE = 256,
};

/* -- signals: noted by a handler, attended to by the main loop --------------------------------- */

static volatile sig_atomic_t end_wanted, reload_wanted, report_wanted;

static void on_signal(int number)
{
    if (number == SIGHUP)
        reload_wanted = 1;
    else if (number == SIGUSR1)
        report_wanted = 1;
    else
        end_wanted = 1;
}

/*
 * The signals are blocked all the time but for two places in the main loop, so nothing else is ever interrupted.
 * `at_start` is the mask that our children shall have, `awake` the one with which the signals are let in.
 */
struct masks {
    sigset_t ours, at_start, awake;
};

static void catch_signals(struct masks *masks)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
    enum { COUNT = sizeof numbers / sizeof *numbers };
    struct sigaction action = {.sa_handler = on_signal};

    sigemptyset(&masks->ours);
    for (int i = 0; i < COUNT; i++)
        sigaddset(&masks->ours, numbers[i]);
    sigprocmask(SIG_BLOCK, &masks->ours, &masks->at_start);

    masks->awake = masks->at_start;
    action.sa_mask = masks->ours;
    for (int i = 0; i < COUNT; i++) {
        sigdelset(&masks->awake, numbers[i]);
        sigaction(numbers[i], &action, NULL);
    }
}

/* Lets the handler run for whatever is pending by now. */
static void let_signals_in(const struct masks *masks)
{
    sigprocmask(SIG_SETMASK, &masks->awake, NULL);
    sigprocmask(SIG_BLOCK, &masks->ours, NULL);
}

/* -- output ------------------------------------------------------------------------------------ */

/* A write into a pipe that is full, or nearly, may write less than it was asked to. */
static void put(const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, count);

        if (written == -1 && errno == EINTR)
            continue;
        if (written == -1) {
            perror("server: standard output");
            exit(FAILED);
        }
        bytes += written;
        count -= (size_t)written;
    }
}

/* "KEY: TEXT" */
static void put_line(const char *key, const char *text)
{
    char line[2 * LINE_SIZE];
    int length = snprintf(line, sizeof line, "%s: %s\n", key, text);

    put(line, (size_t)length);
}

static void put_number(const char *key, unsigned long number)
{
    char text[32];

    snprintf(text, sizeof text, "%lu", number);
    put_line(key, text);
}

/* -- requests ---------------------------------------------------------------------------------- */

struct server {
    const char *config;
    char title[TITLE_SIZE];
    unsigned long served;
    struct masks masks;
};

/* Takes the title from the first line of the file. The old one stays if that cannot be read. */
static bool load(struct server *server)
{
    char title[TITLE_SIZE];
    FILE *file = fopen(server->config, "re");

    if (file == NULL || fgets(title, sizeof title, file) == NULL) {
        fprintf(stderr, "server: %s: %s\n", server->config, file == NULL ? strerror(errno) : "no title");
        if (file != NULL)
            fclose(file);
        return false;
    }
    fclose(file);
    title[strcspn(title, "\n")] = '\0';
    memcpy(server->title, title, sizeof title);
    return true;
}

static void get(const char *name)
{
    char bytes[65536];
    struct stat status;
    ssize_t count;
    int fd = open(name, O_RDONLY | O_CLOEXEC);

    if (fd == -1 || fstat(fd, &status) == -1) {
        put_line(name, strerror(errno));
    } else {
        put_number(name, (unsigned long)status.st_size);
        while ((count = read(fd, bytes, sizeof bytes)) > 0)
            put(bytes, strnlen(bytes, (size_t)count));
    }
    if (fd != -1)
        close(fd);
}

/* The child's part: becomes the shell. */
static _Noreturn void become_shell(const char *command, const struct masks *masks)
{
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

    if (nothing != -1 && dup2(nothing, STDIN_FILENO) != -1) {
        sigprocmask(SIG_SETMASK, &masks->at_start, NULL); /* exec keeps what is blocked */
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    }
    perror("server: sh");
    _exit(NOT_STARTED);
}

static void run(const char *command, const struct masks *masks)
{
    int status;
    pid_t pid = fork();

    if (pid == 0)
        become_shell(command, masks);
    if (pid == -1 || waitpid(pid, &status, 0) == -1) {
        perror("server: run");
        put_number("status", NOT_STARTED);
    } else {
        int number = WIFSIGNALED(status) ? SIGNAL_BASE + WTERMSIG(status) : WEXITSTATUS(status);

        put_number("status", (unsigned long)number);
    }
}

static void serve(struct server *server, char *request)
{
    char *argument = strchr(request, ' ');

    if (argument != NULL)
        *argument++ = '\0';
    if (argument != NULL && strcmp(request, "say") == 0)
        put_line(server->title, argument);
    else if (argument != NULL && strcmp(request, "get") == 0)
        get(argument);
    else if (argument != NULL && strcmp(request, "run") == 0)
        run(argument, &server->masks);
    else
        put("what?\n", 6);
    server->served++;
}

/* -- input ------------------------------------------------------------------------------------- */

/* What has been read and not been served yet: `next` is where the next line begins. */
struct input {
    char bytes[2 * LINE_SIZE];
    size_t next, used;
    bool at_end;
};

/* The next whole line, without its newline; NULL if there is none yet. */
static char *next_line(struct input *input)
{
    char *line = input->bytes + input->next;
    char *newline = memchr(line, '\n', input->used - input->next);

    if (newline == NULL)
        return NULL;
    *newline = '\0';
    input->next = (size_t)(newline + 1 - input->bytes);
    return line;
}

static void read_more(struct input *input)
{
    memmove(input->bytes, input->bytes + input->next, input->used - input->next);
    input->used -= input->next;
    input->next = 0;

    ssize_t count = read(STDIN_FILENO, input->bytes + input->used, sizeof input->bytes - input->used);
    if (count > 0)
        input->used += (size_t)count;
    else if (count == 0 || (errno != EINTR && errno != EAGAIN))
        input->at_end = true;
}

/* -- the loop ---------------------------------------------------------------------------------- */

/* Does what the handler has noted. */
static void attend_to_signals(struct server *server)
{
    if (reload_wanted) {
        reload_wanted = 0;
        if (load(server))
            put_line("reloaded", server->title);
    }
    if (report_wanted) {
        report_wanted = 0;
        put_number("served", server->served);
    }
}

static int serve_all(struct server *server)
{
    struct input input = {.used = 0};
    struct pollfd waiting = {.fd = STDIN_FILENO, .events = POLLIN};

    for (;;) {
        let_signals_in(&server->masks);
        attend_to_signals(server);
        if (end_wanted)
            break;

        char *request = next_line(&input);
        if (request != NULL) {
            serve(server, request);
            continue;
        }
        if (input.at_end)
            break;

        /*
         * A signal that comes between the look at the flags and here is blocked, and pending. ppoll lets it in and
         * falls asleep in one step: so it is interrupted at once. Unblocking first and then calling poll would not do.
         */
        int ready = ppoll(&waiting, 1, NULL, &server->masks.awake);

        if (ready > 0) {
            read_more(&input);
        } else if (errno != EINTR) {
            perror("server: ppoll");
            return FAILED;
        }
    }
    put_number("bye", server->served);
    return EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
    if (argc != 2) {
        fprintf(stderr, "usage: server CONFIG\n");
        return USAGE_ERROR;
    }

    struct server server = {.config = argv[1]};

    if (!load(&server))
        return FAILED;
    catch_signals(&server.masks);
    put_line("ready", server.title);
    return serve_all(&server);
}
