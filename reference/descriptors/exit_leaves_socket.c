/*
 * Leaves a socket open at exit: a function deep in the program calls exit, and nobody closes it.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/socket.h>

static void give_up(void)
{
    exit(3);
}

int main(void)
{
    if (socket(AF_UNIX, SOCK_STREAM, 0) < 0)
        err(EXIT_FAILURE, "socket");
    give_up();
}
