/*
 * A timeout, not a deadlock: each of two threads waits, spinning, for the other to go first.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

static atomic_bool gone[2];

static void *go_after(void *other)
{
    atomic_bool *before_me = other;
    while (!*before_me)
        ;
    gone[before_me == &gone[0]] = 1;
    return NULL;
}

int main(void)
{
    pthread_t other;
    pthread_create(&other, NULL, go_after, &gone[0]);
    go_after(&gone[1]);
    pthread_join(other, NULL);
    return EXIT_SUCCESS;
}
