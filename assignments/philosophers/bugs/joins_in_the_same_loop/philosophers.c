#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_PHILOSOPHERS 100
#define MAX_MEALS 10000

static int philosophers;
static int meals;

static pthread_mutex_t forks[MAX_PHILOSOPHERS];
static pthread_t threads[MAX_PHILOSOPHERS];
static int seats[MAX_PHILOSOPHERS];

static int eaten[MAX_PHILOSOPHERS];
static pthread_mutex_t turn_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn = PTHREAD_COND_INITIALIZER;

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned long events;

static void say(int philosopher, const char *does, int number)
{
    pthread_mutex_lock(&log_lock);
    events++;
    printf("%lu: %d %s %d\n", events, philosopher, does, number);
    fflush(stdout);
    pthread_mutex_unlock(&log_lock);
}

static void wait_for_host(void)
{
    char byte;

    while (read(STDIN_FILENO, &byte, 1) == -1 && errno == EINTR)
        continue;
}

static void take(int philosopher, int fork)
{
    pthread_mutex_lock(&forks[fork]);
    say(philosopher, "takes", fork);
}

static void put(int philosopher, int fork)
{
    say(philosopher, "puts", fork);
    pthread_mutex_unlock(&forks[fork]);
}

static void wait_for_turn(int philosopher)
{
    int left = (philosopher + philosophers - 1) % philosophers;
    int right = (philosopher + 1) % philosophers;

    pthread_mutex_lock(&turn_lock);
    while (eaten[left] < eaten[philosopher] || eaten[right] < eaten[philosopher])
        pthread_cond_wait(&turn, &turn_lock);
    pthread_mutex_unlock(&turn_lock);
}

static void meal_eaten(int philosopher)
{
    pthread_mutex_lock(&turn_lock);
    eaten[philosopher]++;
    pthread_cond_broadcast(&turn);
    pthread_mutex_unlock(&turn_lock);
}

static void *dine(void *argument)
{
    int me = *(int *)argument;
    int first = me;
    int second = (me + 1) % philosophers;

    /* The last one reaches for the other side first, or everybody could hold one fork. */
    if (me == philosophers - 1) {
        first = second;
        second = me;
    }

    for (int meal = 1; meal <= meals; meal++) {
        wait_for_turn(me);
        take(me, first);
        wait_for_host();
        if (second != first)
            take(me, second);
        say(me, "eats", meal);
        if (second != first)
            put(me, second);
        put(me, first);
        meal_eaten(me);
    }
    return NULL;
}

int main(int argc, char *argv[])
{
    if (argc == 3) {
        philosophers = atoi(argv[1]);
        meals = atoi(argv[2]);
    }
    if (philosophers < 1 || philosophers > MAX_PHILOSOPHERS || meals < 1 || meals > MAX_MEALS) {
        fprintf(stderr, "usage: philosophers N M\n");
        return 2;
    }

    for (int i = 0; i < philosophers; i++)
        pthread_mutex_init(&forks[i], NULL);

    for (int i = 0; i < philosophers; i++) {
        seats[i] = i;
        int error = pthread_create(&threads[i], NULL, dine, &seats[i]);
        if (error != 0) {
            fprintf(stderr, "philosophers: pthread_create: %s\n", strerror(error));
            return 1;
        }
        pthread_join(threads[i], NULL);
    }
    return 0;
}
