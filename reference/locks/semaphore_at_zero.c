/*
 * Deadlock: waits for a semaphore that is zero, and no other thread is there to post it.
 */
#include <semaphore.h>
#include <stdlib.h>

static sem_t items;

int main(void)
{
    sem_init(&items, 0, 0);
    sem_wait(&items);
    return EXIT_SUCCESS;
}
