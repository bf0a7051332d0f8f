/*
 * philosophers - N philosophers, N forks, M meals each
 *
 *     ./philosophers N M
 *
 * Philosopher p sits between the forks p and p + 1; the last one shares fork 0 with the first.
 * Exit status: 0 when all have eaten, 2 for a usage error, 1 if the table could not be set.
 *
 * Why nobody waits for ever: every philosopher takes the fork with the smaller number first. Whoever
 * holds fork f and waits for another waits for one with a larger number, so a chain of waiting
 * philosophers can never close to a ring. The locks of the log and of the turns are taken last, and
 * nothing is waited for while they are held.
 */

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <string.h>
#include <unistd.h>

enum {
    MAX_PHILOSOPHERS = 100,
    MAX_MEALS = 10000,

    SETUP_FAILED = 1,
    USAGE_ERROR = 2,
};

static int philosophers;
static int meals;

static pthread_mutex_t forks[MAX_PHILOSOPHERS];

/* How many meals each has eaten, under `turn_lock`; `somebody_ate` is broadcast at every change. */
static int eaten[MAX_PHILOSOPHERS];
static pthread_mutex_t turn_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t somebody_ate = PTHREAD_COND_INITIALIZER;

/* One line at a time, and the number of the last one. */
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned long events;

/*
 * Writes one line of the log. The number is given and the line written under one lock: between the two,
 * another philosopher could get the next number and be first on paper.
 */
static void say(int philosopher, const char *does, int number)
{
    pthread_mutex_lock(&log_lock);
    printf("%lu: %d %s %d\n", ++events, philosopher, does, number);
    pthread_mutex_unlock(&log_lock);
}

/* Waits until the host lets one philosopher go on (one byte) or has no more to say (the end of the input). */
static void wait_for_host(void)
{
    char byte;

    while (read(STDIN_FILENO, &byte, 1) == -1 && errno == EINTR)
        continue;
}

static void take_fork(int philosopher, int fork)
{
    pthread_mutex_lock(&forks[fork]);
    say(philosopher, "takes", fork);
}

/* Said before it is true: afterwards the fork may already be in another hand. */
static void put_fork(int philosopher, int fork)
{
    say(philosopher, "puts", fork);
    pthread_mutex_unlock(&forks[fork]);
}

/* Waits until both neighbours have eaten as often as this philosopher. Holds no fork meanwhile: they need them. */
static void wait_for_turn(int philosopher)
{
    int left = (philosopher + philosophers - 1) % philosophers;
    int right = (philosopher + 1) % philosophers;

    pthread_mutex_lock(&turn_lock);
    while (eaten[left] < eaten[philosopher] || eaten[right] < eaten[philosopher])
    {
        struct timespec end;

        clock_gettime(CLOCK_REALTIME, &end);
        end.tv_nsec += 50000000;
        end.tv_sec += end.tv_nsec / 1000000000;
        end.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&somebody_ate, &turn_lock, &end);
    }
    pthread_mutex_unlock(&turn_lock);
}

/* Two philosophers can wait for this one, and others for others: wake them all, each looks for itself. */
static void note_meal(int philosopher)
{
    pthread_mutex_lock(&turn_lock);
    eaten[philosopher]++;
    pthread_cond_broadcast(&somebody_ate);
    pthread_mutex_unlock(&turn_lock);
}

static void *dine(void *argument)
{
    int philosopher = *(int *)argument;
    int right = (philosopher + 1) % philosophers;
    int first = philosopher < right ? philosopher : right;
    int second = philosopher < right ? right : philosopher;

    for (int meal = 1; meal <= meals; meal++) {
        wait_for_turn(philosopher);

        take_fork(philosopher, first);
        wait_for_host();
        if (second != first) /* at a table for one there is but one fork */
            take_fork(philosopher, second);

        say(philosopher, "eats", meal);

        if (second != first)
            put_fork(philosopher, second);
        put_fork(philosopher, first);
        note_meal(philosopher);
    }
    return NULL;
}

/* Seats everybody and waits until the last has eaten; returns the exit status. */
static int serve(void)
{
    pthread_t threads[MAX_PHILOSOPHERS];
    static int seats[MAX_PHILOSOPHERS];

    for (int i = 0; i < philosophers; i++) {
        pthread_mutex_init(&forks[i], NULL);
        seats[i] = i;
    }

    for (int i = 0; i < philosophers; i++) {
        /* Each reads who it is from a place of its own. &i would be one place for all, and i goes on. */
        int error = pthread_create(&threads[i], NULL, dine, &seats[i]);

        if (error != 0) { /* pthread functions return the error; errno has nothing to do with it */
            fprintf(stderr, "philosophers: no thread for philosopher %d: %s\n", i, strerror(error));
            return SETUP_FAILED; /* and the end of the process is the end of those who already sit */
        }
    }
    for (int i = 0; i < philosophers; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < philosophers; i++)
        pthread_mutex_destroy(&forks[i]);
    return 0;
}

/* Reads a whole number from 1 to `most`. */
static bool parse(const char *text, int most, int *number)
{
    char *end;

    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < 1 || value > most)
        return false;
    *number = (int)value;
    return true;
}

int main(int argc, char *argv[])
{
    if (argc != 3 || !parse(argv[1], MAX_PHILOSOPHERS, &philosophers) || !parse(argv[2], MAX_MEALS, &meals)) {
        fprintf(stderr, "usage: philosophers N M, with N from 1 to %d and M from 1 to %d\n", MAX_PHILOSOPHERS,
                MAX_MEALS);
        return USAGE_ERROR;
    }

    setvbuf(stdout, NULL, _IOLBF, 0); /* a line is out when it ends, also into a pipe */
    return serve();
}
