/*
 * Deadlock: the parent reads until the end of the connection, which does not come while it holds the child's end too.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
        err(EXIT_FAILURE, "socketpair");

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        send(pair[1], "hello", 5, 0);
        _exit(EXIT_SUCCESS);
    }

    char text[16];
    while (recv(pair[0], text, sizeof text, 0) > 0)
        ;
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
