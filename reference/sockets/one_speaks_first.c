/*
 * Right: the child speaks first, after a while, and the parent answers.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    char text[16];
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
        err(EXIT_FAILURE, "socketpair");

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        close(pair[0]);
        usleep(100 * 1000);
        send(pair[1], "hello", 5, 0);
        recv(pair[1], text, sizeof text, 0);
        _exit(EXIT_SUCCESS);
    }
    close(pair[1]);
    recv(pair[0], text, sizeof text, 0);
    send(pair[0], "hello", 5, 0);
    close(pair[0]);
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
