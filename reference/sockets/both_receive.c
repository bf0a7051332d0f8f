/*
 * Deadlock: parent and child each wait for the other to speak first.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void listen_then_speak(int end)
{
    char text[16];
    recv(end, text, sizeof text, 0);
    send(end, "hello", 5, 0);
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
        listen_then_speak(pair[1]);
        _exit(EXIT_SUCCESS);
    }
    close(pair[1]);
    listen_then_speak(pair[0]);
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
