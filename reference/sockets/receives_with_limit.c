/*
 * Right: SO_RCVTIMEO gives recv a time limit, after which it fails.
 */
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

int main(void)
{
    int pair[2];
    struct timeval limit = { .tv_usec = 150 * 1000 };
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0
        || setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) < 0)
        err(EXIT_FAILURE, "socketpair");

    char text[16];
    int timed_out = recv(pair[0], text, sizeof text, 0) < 0 && errno == EAGAIN;
    close(pair[0]);
    close(pair[1]);
    return timed_out ? EXIT_SUCCESS : EXIT_FAILURE;
}
