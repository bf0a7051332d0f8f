/*
 * Right: the child closes the epoll instance that it made, and ends with the inherited one only.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int events = epoll_create1(0);
    if (events < 0)
        err(EXIT_FAILURE, "epoll_create1");

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        int own = epoll_create1(0);
        if (own < 0)
            err(EXIT_FAILURE, "epoll_create1");
        close(own);
        exit(EXIT_SUCCESS);
    }

    close(events);
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
