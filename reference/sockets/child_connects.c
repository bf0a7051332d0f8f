/*
 * Right: the child connects to the Unix socket after a while.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "server" };
    int server = socket(AF_UNIX, SOCK_STREAM, 0);
    if (server < 0 || bind(server, (struct sockaddr *)&address, sizeof address) < 0 || listen(server, 1) < 0)
        err(EXIT_FAILURE, "server");

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        usleep(100 * 1000);
        int connection = socket(AF_UNIX, SOCK_STREAM, 0);
        int failed = connect(connection, (struct sockaddr *)&address, sizeof address) < 0;
        close(connection);
        _exit(failed ? EXIT_FAILURE : EXIT_SUCCESS);
    }

    int client = accept(server, NULL, NULL);
    if (client < 0)
        err(EXIT_FAILURE, "accept");
    close(client);
    close(server);
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
