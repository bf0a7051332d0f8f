/*
 * philosophers - N philosophers, N forks, M meals each
 *
 *     ./philosophers N M
 *
 * The words of the command line are already read, and how to wait for the host is done, too. What is
 * left for you is marked TODO.
 */

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    MAX_PHILOSOPHERS = 100,
    MAX_MEALS = 10000,

    SETUP_FAILED = 1,
    USAGE_ERROR = 2,
};

static int philosophers;
static int meals;

/* Fork f lies between the philosophers f - 1 and f. */
static pthread_mutex_t forks[MAX_PHILOSOPHERS];

static unsigned long events;

/* Writes one line of the log, such as "12: 3 takes 4". */
static void say(int philosopher, const char *does, int number)
{
    /* TODO: all philosophers come through here. What if two do so at the same time? */
    printf("%lu: %d %s %d\n", ++events, philosopher, does, number);
    /* TODO: into a pipe this does not appear before much later. Why? (man 3 setvbuf) */
}

/* Waits until the host lets one philosopher go on (one byte) or has no more to say (the end of the input). */
static void wait_for_host(void)
{
    char byte;

    while (read(STDIN_FILENO, &byte, 1) == -1 && errno == EINTR)
        continue;
}

/* The life of one philosopher: `argument` tells who it is. */
static void *dine(void *argument)
{
    int philosopher = *(int *)argument;

    for (int meal = 1; meal <= meals; meal++) {
        /*
         * TODO: take a fork, wait for the host, take the other one, eat, put both back. In which order
         * are they taken, so that it can never happen that everybody holds one and waits for the next?
         *
         * TODO: nobody gets ahead of a neighbour (rule 5). How do you wait for that, and what must you
         * not hold meanwhile?
         */
        pthread_mutex_lock(&forks[philosopher]);
        say(philosopher, "takes", philosopher);
        wait_for_host();
        say(philosopher, "puts", philosopher);
        pthread_mutex_unlock(&forks[philosopher]);
    }
    return NULL;
}

/* Seats everybody and waits until the last has eaten; returns the exit status. */
static int serve(void)
{
    static int seats[MAX_PHILOSOPHERS];

    for (int i = 0; i < philosophers; i++) {
        pthread_mutex_init(&forks[i], NULL);
        seats[i] = i;
    }
    /* TODO: a thread for every philosopher. And then? */
    dine(&seats[0]);
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
    return serve();
}
