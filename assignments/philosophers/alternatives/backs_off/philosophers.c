/*
 * philosophers who give way: whoever does not get his second fork at once puts the first one down and
 * waits for the other one instead. Nobody holds a fork while he waits for one, so there is no ring.
 * The threads are detached; main counts who is still at the table.
 */

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SEATS = 100 };

typedef struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int meals_of[SEATS];
    int seated;
} Book;

static Book book = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
static pthread_mutex_t *forks;
static int people, helpings;

/* The lock of stdout itself keeps the number and the line together. */
static void note(const char *format, ...)
{
    static unsigned line;
    va_list arguments;

    va_start(arguments, format);
    flockfile(stdout);
    printf("%u: ", ++line);
    vprintf(format, arguments);
    fflush(stdout);
    funlockfile(stdout);
    va_end(arguments);
}

static int may_eat(int who, int meal)
{
    return book.meals_of[(who + 1) % people] >= meal - 1 && book.meals_of[(who + people - 1) % people] >= meal - 1;
}

static void eat(int who, int meal)
{
    int held = who;
    int wanted = (who + 1) % people;

    for (;;) {
        char byte;

        pthread_mutex_lock(&forks[held]);
        note("%d takes %d\n", who, held);
        if (read(STDIN_FILENO, &byte, 1) < 0)
            perror("philosophers: read");
        if (held == wanted || pthread_mutex_trylock(&forks[wanted]) == 0)
            break;
        note("%d puts %d\n", who, held);
        pthread_mutex_unlock(&forks[held]);

        int other = held; /* the one that was missing is the one to wait for */
        held = wanted;
        wanted = other;
    }

    if (held != wanted)
        note("%d takes %d\n", who, wanted);
    note("%d eats %d\n", who, meal);
    note("%d puts %d\n", who, held);
    pthread_mutex_unlock(&forks[held]);
    if (held != wanted) {
        note("%d puts %d\n", who, wanted);
        pthread_mutex_unlock(&forks[wanted]);
    }
}

static void *philosopher(void *fork)
{
    int who = (int)((pthread_mutex_t *)fork - forks);

    for (int meal = 1; meal <= helpings; meal++) {
        pthread_mutex_lock(&book.mutex);
        while (!may_eat(who, meal))
            pthread_cond_wait(&book.changed, &book.mutex);
        pthread_mutex_unlock(&book.mutex);

        eat(who, meal);

        pthread_mutex_lock(&book.mutex);
        book.meals_of[who] = meal;
        pthread_cond_broadcast(&book.changed);
        pthread_mutex_unlock(&book.mutex);
    }

    pthread_mutex_lock(&book.mutex);
    book.seated--;
    pthread_cond_broadcast(&book.changed);
    pthread_mutex_unlock(&book.mutex);
    return NULL;
}

int main(int argc, char *argv[])
{
    people = argc == 3 ? atoi(argv[1]) : 0;
    helpings = argc == 3 ? atoi(argv[2]) : 0;
    if (people < 1 || people > SEATS || helpings < 1) {
        fprintf(stderr, "philosophers: how many, and how many meals?\n");
        return 2;
    }

    forks = calloc((size_t)people, sizeof *forks);
    if (forks == NULL) {
        perror("philosophers");
        return 1;
    }
    for (int i = 0; i < people; i++)
        pthread_mutex_init(&forks[i], NULL);

    pthread_attr_t detached;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    book.seated = people;
    for (int i = 0; i < people; i++) {
        pthread_t thread;
        int error = pthread_create(&thread, &detached, philosopher, &forks[i]);
        if (error) {
            fprintf(stderr, "philosophers: %s\n", strerror(error));
            exit(EXIT_FAILURE);
        }
    }

    pthread_mutex_lock(&book.mutex);
    while (book.seated > 0)
        pthread_cond_wait(&book.changed, &book.mutex);
    pthread_mutex_unlock(&book.mutex);
    return EXIT_SUCCESS;
}
