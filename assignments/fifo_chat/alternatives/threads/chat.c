/* chat: the server has a thread for requests and one that waits for signals; the client has a thread for each way. */

#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MEMBERS 100

static void die(const char *what)
{
    fprintf(stderr, "chat: %s: %m\n", what);
    exit(1);
}

/* Takes over what is left over: a FIFO without a reader. The umask is out of the way meanwhile. */
static void make_fifo(const char *path, mode_t mode)
{
    mode_t umask_before = umask(0);

    if (mkfifo(path, mode) == -1) {
        struct stat status;
        int fd;

        if (errno != EEXIST || stat(path, &status) == -1)
            die(path);
        errno = EEXIST;
        if (!S_ISFIFO(status.st_mode) || (fd = open(path, O_WRONLY | O_NONBLOCK)) != -1 || errno != ENXIO)
            die(path);
        unlink(path);
        if (mkfifo(path, mode) == -1)
            die(path);
    }
    umask(umask_before);
}

/* -- the server: one thread serves, so the table needs no lock -- */

static const char *room;
static struct {
    char name[40];
    int fd; /* -1 if the place is free */
} members[MEMBERS];

static int place_of(const char *name)
{
    for (int i = 0; i < MEMBERS; i++)
        if (members[i].fd != -1 && strcmp(members[i].name, name) == 0)
            return i;
    return -1;
}

static void depart(int place);

static void announce(const char *line)
{
    printf("%s", line);
    for (int i = 0; i < MEMBERS; i++)
        if (members[i].fd != -1 && write(members[i].fd, line, strlen(line)) == -1 && errno == EPIPE)
            depart(i);
}

static void depart(int place)
{
    char line[100];

    close(members[place].fd);
    members[place].fd = -1;
    snprintf(line, sizeof line, "* %s leaves\n", members[place].name);
    announce(line);
}

static void arrive(const char *name)
{
    char path[PATH_MAX], line[100];
    int fd, place;

    snprintf(path, sizeof path, "%s.%s", room, name);
    if ((fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)) == -1)
        return;
    if ((place = place_of(name)) != -1)
        depart(place);
    for (place = 0; place < MEMBERS - 1 && members[place].fd != -1; place++)
        ;
    snprintf(members[place].name, sizeof members[place].name, "%s", name);
    members[place].fd = fd;
    snprintf(line, sizeof line, "* %s joins\n", name);
    announce(line);
}

static void *serve_requests(void *stream)
{
    char *request = NULL;
    size_t size = 0;
    char name[40], line[5000];
    int text = 0;

    while (getline(&request, &size, stream) > 0) {
        request[strcspn(request, "\n")] = '\0';
        if (sscanf(request, "join %32s", name) == 1) {
            arrive(name);
        } else if (sscanf(request, "leave %32s", name) == 1 && place_of(name) != -1) {
            depart(place_of(name));
        } else if (sscanf(request, "say %32s%n", name, &text) == 1 && place_of(name) != -1 && request[text] == ' ') {
            snprintf(line, sizeof line, "%s: %s\n", name, request + text + 1);
            announce(line);
        }
    }
    die(room);
    return NULL;
}

static int serve(mode_t mode, const char *command)
{
    sigset_t ends;
    int number;
    pthread_t thread;

    setlinebuf(stdout);
    for (int i = 0; i < MEMBERS; i++)
        members[i].fd = -1;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
    make_fifo(room, mode);

    /* Linux lets a FIFO be opened both ways at once: no waiting, and never without a writer. */
    FILE *stream = fopen(room, "r+e");
    if (stream == NULL)
        die(room);
    if (command != NULL)
        system(command);
    if (pthread_create(&thread, NULL, serve_requests, stream) != 0)
        die("thread");
    sigwait(&ends, &number);
    unlink(room);
    _exit(0);
}

/* -- the client -- */

static int room_fd;
static char own[PATH_MAX];
static atomic_bool leaving;

static void *listen_to_room(void *fifo)
{
    int fd = *(int *)fifo;
    struct pollfd first = {.fd = fd, .events = POLLIN};
    char bytes[1000];
    ssize_t count;

    poll(&first, 1, -1); /* only until the server has opened it: before, read would return 0 */
    fcntl(fd, F_SETFL, 0);
    while ((count = read(fd, bytes, sizeof bytes)) > 0) {
        fwrite(bytes, 1, (size_t)count, stdout);
        fflush(stdout);
    }
    unlink(own);
    if (!leaving)
        fprintf(stderr, "chat: the server is gone\n");
    exit(leaving ? 0 : 1);
}

static void ask(const char *verb, const char *name, const char *rest)
{
    char request[5000];
    int length = snprintf(request, sizeof request, "%s %s%s\n", verb, name, rest);

    if (write(room_fd, request, (size_t)length) != length) {
        unlink(own);
        die(room);
    }
}

static int join(const char *name)
{
    struct stat status;
    char line[5000] = " ";
    int fd;
    pthread_t thread;

    if ((room_fd = open(room, O_WRONLY | O_NONBLOCK)) == -1)
        die(room);
    if (fstat(room_fd, &status) == -1 || !S_ISFIFO(status.st_mode)) {
        errno = EINVAL;
        die(room);
    }
    fcntl(room_fd, F_SETFL, 0);
    snprintf(own, sizeof own, "%s.%s", room, name);
    make_fifo(own, 0600);
    if ((fd = open(own, O_RDONLY | O_NONBLOCK)) == -1)
        die(own);
    if (pthread_create(&thread, NULL, listen_to_room, &fd) != 0)
        die("thread");
    ask("join", name, "");
    while (fgets(line + 1, sizeof line - 1, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        ask("say", name, line);
    }
    leaving = true;
    ask("leave", name, "");
    pthread_join(thread, NULL);
    return 1;
}

int main(int argc, char *argv[])
{
    signal(SIGPIPE, SIG_IGN);
    if (argc == 4 && strcmp(argv[1], "join") == 0) {
        room = argv[2];
        return join(argv[3]);
    }
    if (argc >= 3 && argc <= 6 && strcmp(argv[1], "serve") == 0) {
        int with_mode = argc > 4 && strcmp(argv[2], "-m") == 0;

        room = argv[with_mode ? 4 : 2];
        return serve(with_mode ? (mode_t)strtoul(argv[3], NULL, 8) : 0600, argv[with_mode ? 5 : 3]);
    }
    fprintf(stderr, "usage: chat serve [-m MODE] ROOM [COMMAND] | chat join ROOM NAME\n");
    return 2;
}
