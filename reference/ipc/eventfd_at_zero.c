/*
 * Deadlock: reads an eventfd whose counter is zero, and nobody else holds it.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

int main(void)
{
    int counter = eventfd(0, 0);
    if (counter < 0)
        err(EXIT_FAILURE, "eventfd");

    eventfd_t value;
    eventfd_read(counter, &value);
    close(counter);
    return EXIT_SUCCESS;
}
