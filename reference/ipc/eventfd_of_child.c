/*
 * Deadlock: the child reads an eventfd for the parent's go-ahead, and the parent waits for the child.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int counter = eventfd(0, 0);
    if (counter < 0)
        err(EXIT_FAILURE, "eventfd");

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        eventfd_t value;
        eventfd_read(counter, &value);
        _exit(EXIT_SUCCESS);
    }
    waitpid(child, NULL, 0);
    eventfd_write(counter, 1);
    close(counter);
    return EXIT_SUCCESS;
}
