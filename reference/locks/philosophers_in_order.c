/*
 * Right: every philosopher takes the fork with the lower number first, so that no circle can close.
 */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum { PHILOSOPHERS = 5 };

static pthread_mutex_t forks[PHILOSOPHERS];

static void *dine(void *seat)
{
    long left = (pthread_mutex_t *)seat - forks, right = (left + 1) % PHILOSOPHERS;
    pthread_mutex_t *lower = &forks[left < right ? left : right], *higher = &forks[left < right ? right : left];
    pthread_mutex_lock(lower);
    pthread_mutex_lock(higher);
    usleep(20 * 1000);
    pthread_mutex_unlock(higher);
    pthread_mutex_unlock(lower);
    return NULL;
}

int main(void)
{
    pthread_t philosophers[PHILOSOPHERS];
    for (int i = 0; i < PHILOSOPHERS; i++)
        pthread_mutex_init(&forks[i], NULL);
    for (int i = 0; i < PHILOSOPHERS; i++)
        pthread_create(&philosophers[i], NULL, dine, &forks[i]);
    for (int i = 0; i < PHILOSOPHERS; i++)
        pthread_join(philosophers[i], NULL);
    return EXIT_SUCCESS;
}
