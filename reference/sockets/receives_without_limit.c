/*
 * Deadlock: the program receives from a socket whose other end is its own, without a time limit.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
        err(EXIT_FAILURE, "socketpair");

    char text[16];
    recv(pair[0], text, sizeof text, 0);
    close(pair[0]);
    close(pair[1]);
    return EXIT_SUCCESS;
}
