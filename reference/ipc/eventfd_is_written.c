/*
 * Right: the child writes the eventfd after a while.
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
        usleep(100 * 1000);
        eventfd_write(counter, 1);
        _exit(EXIT_SUCCESS);
    }
    eventfd_t value;
    eventfd_read(counter, &value);
    close(counter);
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
