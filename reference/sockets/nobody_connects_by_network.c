/*
 * A timeout, not a deadlock: a server waits for clients of the network, who come from outside.
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void)
{
    int server = socket(AF_INET, SOCK_STREAM, 0);
    if (server < 0 || listen(server, 1) < 0)
        err(EXIT_FAILURE, "server");

    int client = accept(server, NULL, NULL);
    if (client < 0)
        err(EXIT_FAILURE, "accept");
    close(client);
    close(server);
    return EXIT_SUCCESS;
}
