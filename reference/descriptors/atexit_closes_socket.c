/*
 * Right: what atexit has registered closes the socket on every way out.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static int connection;

static void close_connection(void)
{
    close(connection);
}

int main(void)
{
    connection = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connection < 0)
        err(EXIT_FAILURE, "socket");
    atexit(close_connection);
    exit(3);
}
