/*
 * chat - a room for talking that consists of FIFOs
 *
 *     ./chat serve [-m MODE] ROOM [COMMAND]
 *     ./chat join ROOM NAME
 *
 * The server reads requests from the FIFO ROOM. Each member reads what is said from a FIFO of its own, ROOM.NAME.
 */

#define _GNU_SOURCE /* ppoll */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum {
    FAILED = 1,
    USAGE_ERROR = 2,
    NAME_SIZE = 33, /* 32 characters and the end */
};

static int complain(const char *what)
{
    fprintf(stderr, "chat: %s: %s\n", what, strerror(errno));
    return FAILED;
}

/* -- both sides: making a FIFO, cutting lines ------------------------------------------------- */

/* Whether `path` is a FIFO that nobody reads from any more. */
static bool is_left_over(const char *path)
{
    struct stat status;

    if (lstat(path, &status) == -1 || !S_ISFIFO(status.st_mode))
        return false;

    /* Without O_NONBLOCK we would wait for a reader. With it, ENXIO says that there is none. */
    int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd != -1)
        close(fd);
    return fd == -1 && errno == ENXIO;
}

/* Makes a FIFO with exactly that mode, in place of one that was left over. Says what went wrong, if anything. */
static bool make_fifo(const char *path, mode_t mode)
{
    if (mkfifo(path, mode) == -1) {
        if (errno != EEXIST || !is_left_over(path)) {
            fprintf(stderr, "chat: %s: cannot be made, or is in use\n", path);
            return false;
        }
        if (unlink(path) == -1 || mkfifo(path, mode) == -1) {
            complain(path);
            return false;
        }
    }
    if (chmod(path, mode) == -1) { /* mkfifo has left out what is set in the umask */
        complain(path);
        unlink(path);
        return false;
    }
    return true;
}

/* Bytes that have been read: a read may end anywhere, so what is after the last newline waits for more. */
struct lines {
    char bytes[2 * PIPE_BUF + 1];
    size_t used;
};

/* Reads once and hands each whole line, without its newline, to `take`. Returns what read returned. */
static ssize_t read_lines(int fd, struct lines *lines, bool (*take)(char *line, void *context), void *context)
{
    ssize_t count = read(fd, lines->bytes + lines->used, sizeof lines->bytes - 1 - lines->used);
    if (count <= 0)
        return count;
    lines->used += (size_t)count;
    lines->bytes[lines->used] = '\0';

    char *line = lines->bytes;
    char *newline;
    while ((newline = memchr(line, '\n', (size_t)(lines->bytes + lines->used - line))) != NULL) {
        *newline = '\0';
        if (!take(line, context))
            return -1;
        line = newline + 1;
    }
    lines->used -= (size_t)(line - lines->bytes);
    memmove(lines->bytes, line, lines->used);
    if (lines->used == sizeof lines->bytes - 1)
        lines->used = 0; /* no request is that long */
    return count;
}

/* -- the server ------------------------------------------------------------------------------- */

struct member {
    char name[NAME_SIZE];
    int fd;
    bool gone;
};

struct room {
    const char *path;
    struct member *members;
    size_t count;
};

static volatile sig_atomic_t over;

static void on_end(int number)
{
    (void)number;
    over = 1;
}

static struct member *find_member(struct room *room, const char *name)
{
    for (size_t i = 0; i < room->count; i++) {
        if (strcmp(room->members[i].name, name) == 0)
            return &room->members[i];
    }
    return NULL;
}

static void remove_member(struct room *room, struct member *member)
{
    close(member->fd);
    *member = room->members[--room->count];
}

/*
 * Writes a line to the log and to every member. A line is shorter than PIPE_BUF, so it is written whole or not
 * at all: not at all (EAGAIN) if the member does not read and its FIFO is full, and then it misses that line.
 */
static void tell_all(struct room *room, const char *line)
{
    fputs(line, stdout);
    fflush(stdout);

    for (size_t i = 0; i < room->count; i++) {
        struct member *member = &room->members[i];
        if (write(member->fd, line, strlen(line)) == -1 && errno == EPIPE)
            member->gone = true;
    }
}

static void tell_departure(struct room *room, const char *name)
{
    char line[PIPE_BUF];

    snprintf(line, sizeof line, "* %s leaves\n", name);
    tell_all(room, line);
}

/* Takes out whoever has turned out to be gone. To tell the others may turn out more of them. */
static void sweep(struct room *room)
{
    for (size_t i = 0; i < room->count; i++) {
        if (room->members[i].gone) {
            char name[NAME_SIZE];

            memcpy(name, room->members[i].name, sizeof name);
            remove_member(room, &room->members[i]);
            tell_departure(room, name);
            i = (size_t)-1; /* and once more from the beginning */
        }
    }
}

static void admit(struct room *room, const char *name)
{
    char path[PATH_MAX];
    struct member *old = find_member(room, name);

    snprintf(path, sizeof path, "%s.%s", room->path, name);
    /* A blocking open would wait for a reader, perhaps for ever, and all others with us. */
    int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd == -1) {
        complain(path);
        return;
    }
    if (old != NULL) { /* killed, and now back */
        remove_member(room, old);
        tell_departure(room, name);
    }

    struct member *members = realloc(room->members, (room->count + 1) * sizeof *members);
    if (members == NULL) {
        complain(path);
        close(fd);
        return;
    }
    room->members = members;
    members[room->count] = (struct member){.fd = fd};
    snprintf(members[room->count].name, NAME_SIZE, "%s", name);
    room->count++;

    char line[PIPE_BUF];
    snprintf(line, sizeof line, "* %s joins\n", name);
    tell_all(room, line);
}

/* Serves one request: join NAME, say NAME TEXT, leave NAME. */
static bool serve_request(char *request, void *context)
{
    struct room *room = context;
    char *verb = strsep(&request, " ");
    char *name = strsep(&request, " ");

    if (name == NULL || *name == '\0' || strlen(name) >= NAME_SIZE || strchr(name, '/') != NULL)
        return true;

    struct member *member = find_member(room, name);
    if (strcmp(verb, "join") == 0) {
        admit(room, name);
    } else if (strcmp(verb, "leave") == 0 && member != NULL) {
        remove_member(room, member);
        tell_departure(room, name);
    } else if (strcmp(verb, "say") == 0 && request != NULL) {
        char line[2 * PIPE_BUF];

        snprintf(line, sizeof line, "%s: %s\n", name, request);
        tell_all(room, line);
    }
    sweep(room);
    return true;
}

static int attend(struct room *room, int requests)
{
    struct pollfd waiting = {.fd = requests, .events = POLLIN};
    struct lines lines = {.used = 0};
    sigset_t ends, awake;

    /* From here on SIGTERM and SIGINT come in ppoll only: not between the look at `over` and falling asleep. */
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, &awake);
    while (!over) {
        int ready = ppoll(&waiting, 1, NULL, &awake);

        if (ready == -1 && errno != EINTR)
            return complain("ppoll");
        if (ready > 0 && read_lines(requests, &lines, serve_request, room) == -1 && errno != EAGAIN)
            return complain(room->path);
    }
    return EXIT_SUCCESS;
}

static int serve(const char *path, mode_t mode, const char *command)
{
    struct room room = {.path = path};
    struct sigaction end = {.sa_handler = on_end};
    int status = FAILED;

    sigemptyset(&end.sa_mask);
    sigaction(SIGTERM, &end, NULL);
    sigaction(SIGINT, &end, NULL);
    signal(SIGPIPE, SIG_IGN); /* to write to a member that has gone is an error, EPIPE, not the end of us */

    if (!make_fifo(path, mode))
        return FAILED;

    /*
     * The first open must not wait for a writer. The second makes us a writer, who never writes: so there is always
     * one, and read waits for the next request where otherwise it would see the end of the file.
     */
    int requests = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    int keep_open = requests == -1 ? -1 : open(path, O_WRONLY | O_CLOEXEC);
    if (keep_open == -1) {
        complain(path);
    } else {
        if (command != NULL && system(command) == -1)
            complain("system");
        status = attend(&room, requests);
    }

    unlink(path); /* before we close it: whoever comes now shall find no room, rather than one without a server */
    while (room.count > 0)
        remove_member(&room, &room.members[0]);
    free(room.members);
    if (keep_open != -1)
        close(keep_open);
    if (requests != -1)
        close(requests);
    return status;
}

/* -- the client ------------------------------------------------------------------------------- */

struct client {
    const char *name;
    int room;
};

/* Sends one request, in one write: so the lines of two clients never mix. */
static bool ask(const struct client *client, const char *verb, const char *text)
{
    char request[2 * PIPE_BUF];
    int length = snprintf(request, sizeof request, "%s %s%s%s\n", verb, client->name, text == NULL ? "" : " ",
                          text == NULL ? "" : text);

    return write(client->room, request, (size_t)length) == length;
}

static bool say(char *line, void *client)
{
    return ask(client, "say", line);
}

static bool copy_to_stdout(const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, count);
        if (written == -1)
            return false;
        bytes += written;
        count -= (size_t)written;
    }
    return true;
}

/* Talks and listens until the server closes our FIFO: as an answer to our "leave", or because it has ended. */
static int talk(const struct client *client, int fifo)
{
    enum { INPUT, FIFO };
    struct pollfd waiting[] = {
        [INPUT] = {.fd = STDIN_FILENO, .events = POLLIN},
        [FIFO] = {.fd = fifo, .events = POLLIN},
    };
    struct lines lines = {.used = 0};
    bool leaving = false;

    for (;;) {
        if (poll(waiting, 2, -1) == -1)
            return complain("poll");
        if (waiting[FIFO].revents != 0) {
            char bytes[PIPE_BUF];
            ssize_t count = read(fifo, bytes, sizeof bytes);

            if (count == 0)
                break;
            if (count > 0 && !copy_to_stdout(bytes, (size_t)count))
                return complain("standard output");
        }
        if (waiting[INPUT].revents != 0) {
            ssize_t count = read_lines(STDIN_FILENO, &lines, say, (void *)client);

            if (count == 0) {
                leaving = true;
                waiting[INPUT].fd = -1; /* it would be ready for ever */
            }
            if (count == -1 || (leaving && !ask(client, "leave", NULL)))
                return complain("the room");
        }
    }
    if (!leaving)
        fprintf(stderr, "chat: the room has been closed\n");
    return leaving ? EXIT_SUCCESS : FAILED;
}

/* Opens the room for writing, if it is one and a server reads from it. */
static int open_room(const char *path)
{
    struct stat status;
    int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);

    if (fd == -1) {
        if (errno == ENXIO)
            fprintf(stderr, "chat: %s: there is no server\n", path);
        else
            complain(path);
        return -1;
    }
    if (fstat(fd, &status) == -1 || !S_ISFIFO(status.st_mode)) {
        fprintf(stderr, "chat: %s: not a room\n", path);
        close(fd);
        return -1;
    }
    fcntl(fd, F_SETFL, O_WRONLY); /* from now on we wait if the server is busy and the FIFO full */
    return fd;
}

static int join(const char *room, const char *name)
{
    struct client client = {.name = name, .room = open_room(room)};
    char path[PATH_MAX];
    int status = FAILED;

    if (client.room == -1)
        return FAILED;
    signal(SIGPIPE, SIG_IGN);
    snprintf(path, sizeof path, "%s.%s", room, name);
    if (make_fifo(path, 0600)) {
        /* First the reader, then the request: the server does not wait. Nor may we, as it opens it only when asked. */
        int fifo = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

        if (fifo == -1 || !ask(&client, "join", NULL))
            complain(path);
        else
            status = talk(&client, fifo);
        unlink(path);
        if (fifo != -1)
            close(fifo);
    }
    close(client.room);
    return status;
}

/* -- the command line ------------------------------------------------------------------------- */

static int usage(void)
{
    fprintf(stderr, "usage: chat serve [-m MODE] ROOM [COMMAND]\n       chat join ROOM NAME\n");
    return USAGE_ERROR;
}

int main(int argc, char *argv[])
{
    if (argc == 4 && strcmp(argv[1], "join") == 0)
        return join(argv[2], argv[3]);
    if (argc < 3 || strcmp(argv[1], "serve") != 0)
        return usage();

    mode_t mode = 0600;
    int next = 2;
    if (strcmp(argv[next], "-m") == 0 && argc > 4) {
        mode = (mode_t)strtol(argv[3], NULL, 8);
        next = 4;
    }
    if (argc - next > 2)
        return usage();
    return serve(argv[next], mode, argv[next + 1]);
}
