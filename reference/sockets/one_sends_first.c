/*
 * Right: the child receives all before it sends, so no buffer stays full.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static char data[4 << 20];

static void send_all(int end)
{
    send(end, data, sizeof data, 0);
    shutdown(end, SHUT_WR);
}

static void receive_all(int end)
{
    while (recv(end, data, sizeof data, 0) > 0)
        ;
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
        receive_all(pair[1]);
        send_all(pair[1]);
        _exit(EXIT_SUCCESS);
    }
    close(pair[1]);
    send_all(pair[0]);
    receive_all(pair[0]);
    close(pair[0]);
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
