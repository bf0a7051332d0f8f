/*
 * Deadlock: the program waits for somebody to connect to its Unix socket, and is the only one there.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "server" };
    int server = socket(AF_UNIX, SOCK_STREAM, 0);
    if (server < 0 || bind(server, (struct sockaddr *)&address, sizeof address) < 0 || listen(server, 1) < 0)
        err(EXIT_FAILURE, "server");

    int client = accept(server, NULL, NULL);
    if (client < 0)
        err(EXIT_FAILURE, "accept");
    close(client);
    close(server);
    return EXIT_SUCCESS;
}
