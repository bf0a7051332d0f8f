/*
 * A timeout, not a deadlock: the handler of SIGINT writes the eventfd that another thread reads.
 */
#include <err.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

static int counter;

static void count(int number)
{
    (void)number;
    eventfd_write(counter, 1);
}

static void *await_count(void *argument)
{
    eventfd_t value;
    eventfd_read(counter, &value);
    return argument;
}

int main(void)
{
    counter = eventfd(0, EFD_CLOEXEC);
    if (counter < 0)
        err(EXIT_FAILURE, "eventfd");
    struct sigaction action = { .sa_handler = count, .sa_flags = SA_RESTART };
    sigaction(SIGINT, &action, NULL);

    pthread_t waiting;
    pthread_create(&waiting, NULL, await_count, NULL);
    pthread_join(waiting, NULL);
    close(counter);
    return EXIT_SUCCESS;
}
