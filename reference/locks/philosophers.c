/*
 * Deadlock: five philosophers each take the fork on their left, and when all have, the one on their right.
 */
#include <pthread.h>
#include <stdlib.h>

enum { PHILOSOPHERS = 5 };

static pthread_mutex_t forks[PHILOSOPHERS];
static pthread_barrier_t all_hold_one;

static void *dine(void *left)
{
    pthread_mutex_t *right = forks + ((pthread_mutex_t *)left - forks + 1) % PHILOSOPHERS;
    pthread_mutex_lock(left);
    pthread_barrier_wait(&all_hold_one);
    pthread_mutex_lock(right);
    pthread_mutex_unlock(right);
    pthread_mutex_unlock(left);
    return NULL;
}

int main(void)
{
    pthread_t philosophers[PHILOSOPHERS];
    pthread_barrier_init(&all_hold_one, NULL, PHILOSOPHERS);
    for (int i = 0; i < PHILOSOPHERS; i++)
        pthread_mutex_init(&forks[i], NULL);
    for (int i = 0; i < PHILOSOPHERS; i++)
        pthread_create(&philosophers[i], NULL, dine, &forks[i]);
    for (int i = 0; i < PHILOSOPHERS; i++)
        pthread_join(philosophers[i], NULL);
    return EXIT_SUCCESS;
}
