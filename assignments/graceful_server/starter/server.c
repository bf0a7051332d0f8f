/*
 * server - serves requests from its standard input, and ends, reloads and reports when a signal asks for it
 *
 *     ./server CONFIG
 *
 * It serves already, more or less, as long as nothing happens. What is left for you is marked TODO.
 */

#define _GNU_SOURCE /* ppoll, should you want it */

#include <errno.h>
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
    TITLE_SIZE = 256,
};

struct server {
    const char *config;
    char title[TITLE_SIZE];
    unsigned long served;
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

static void serve(struct server *server, char *request)
{
    char *argument = strchr(request, ' ');

    if (argument != NULL)
        *argument++ = '\0';
    if (argument != NULL && strcmp(request, "say") == 0)
        printf("%s: %s\n", server->title, argument);
    /* TODO: get FILE, run COMMAND */
    else
        printf("what?\n");
    server->served++;
}

int main(int argc, char *argv[])
{
    if (argc != 2) {
        fprintf(stderr, "usage: server CONFIG\n");
        return USAGE_ERROR;
    }

    struct server server = {.config = argv[1]};
    char request[4096];

    if (!load(&server))
        return FAILED;

    /* TODO: SIGTERM, SIGINT, SIGHUP, SIGUSR1 */

    printf("ready: %s\n", server.title);
    /* TODO: wait for input and for signals, at the same time. And does what is printed get out? */
    while (fgets(request, sizeof request, stdin) != NULL) {
        request[strcspn(request, "\n")] = '\0';
        serve(&server, request);
    }
    printf("bye: %lu\n", server.served);
    return EXIT_SUCCESS;
}
