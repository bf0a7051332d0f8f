/*
 * Right: one thread goes first, after a while, and the other stops spinning.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

static atomic_bool gone;

static void *spin(void *argument)
{
    while (!gone)
        ;
    return argument;
}

int main(void)
{
    pthread_t spinning;
    pthread_create(&spinning, NULL, spin, NULL);
    usleep(100 * 1000);
    gone = 1;
    pthread_join(spinning, NULL);
    return EXIT_SUCCESS;
}
