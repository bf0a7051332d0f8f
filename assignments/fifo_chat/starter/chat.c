/*
 * chat - a room for talking that consists of FIFOs
 *
 *     ./chat serve [-m MODE] ROOM [COMMAND]
 *     ./chat join ROOM NAME
 *
 * The command line is already taken apart. What is left for you is marked TODO.
 */

#define _GNU_SOURCE /* ppoll, should you want it */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum {
    FAILED = 1,
    USAGE_ERROR = 2,
};

static int complain(const char *what)
{
    fprintf(stderr, "chat: %s: %s\n", what, strerror(errno));
    return FAILED;
}

/* The server. `command` is NULL if there is none. Returns the exit status. */
static int serve(const char *room, mode_t mode, const char *command)
{
    /* TODO: what if the room exists? */
    if (mkfifo(room, mode) == -1) /* TODO: does it have this mode now? */
        return complain(room);

    /* TODO: open the room, so that it stays open. */

    if (command != NULL && system(command) == -1)
        complain("system");

    /* TODO: read requests and serve them, until there is SIGTERM or SIGINT. */

    unlink(room);
    return EXIT_SUCCESS;
}

/* A client. Returns the exit status. */
static int join(const char *room, const char *name)
{
    char path[PATH_MAX]; /* of our own FIFO */

    snprintf(path, sizeof path, "%s.%s", room, name);

    /*
     * TODO: open the room. Make your own FIFO and open it. Ask to join. Then say what you read from standard input,
     * and print what you read from your FIFO, whichever comes first.
     */
    fprintf(stderr, "chat: cannot join %s with %s yet\n", room, path);
    return FAILED;
}

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
