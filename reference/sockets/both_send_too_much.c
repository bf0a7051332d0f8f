/*
 * Deadlock: parent and child each send more than a socket's buffers hold, before either receives.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static char data[4 << 20];

static void send_then_receive(int end)
{
    send(end, data, sizeof data, 0);
    shutdown(end, SHUT_WR);
    while (recv(end, data, sizeof data, 0) > 0)
        ;
    close(end);
}

int main(void)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
        err(EXIT_FAILURE, "socketpair");

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        close(pair[0]);
        send_then_receive(pair[1]);
        _exit(EXIT_SUCCESS);
    }
    close(pair[1]);
    send_then_receive(pair[0]);
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
