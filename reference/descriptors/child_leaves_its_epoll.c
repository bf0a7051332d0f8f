/*
 * Leaves an epoll instance open at exit: the child inherits one, makes another, and closes neither. The inherited one
 * is its parent's business; the other is its own, though the kernel gives both the same name.
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
        if (epoll_create1(0) < 0)
            err(EXIT_FAILURE, "epoll_create1");
        exit(EXIT_SUCCESS);
    }

    close(events);
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
