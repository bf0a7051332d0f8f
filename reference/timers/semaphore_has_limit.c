/*
 * Right: sem_timedwait gives up after a while.
 */
#include <errno.h>
#include <semaphore.h>
#include <stdlib.h>
#include <time.h>

int main(void)
{
    sem_t items;
    sem_init(&items, 0, 0);
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 1;

    return sem_timedwait(&items, &limit) < 0 && errno == ETIMEDOUT ? EXIT_SUCCESS : EXIT_FAILURE;
}
