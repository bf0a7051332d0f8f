/*
 * philosophers, with a waiter: a semaphore admits one philosopher less to the table than there are, so
 * of those who hold one fork and wait for the next at least one gets it. The turns are kept with a
 * semaphore for each neighbour: whoever has eaten gives one to either side, and takes one from either
 * side before he eats again.
 */

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST 100

struct philosopher {
    int number;
    pthread_t thread;
    sem_t ate_left;  /* how often the left neighbour has eaten and this one has not taken notice yet */
    sem_t ate_right; /* the same of the right one */
    struct philosopher *left, *right;
};

static struct philosopher table[MOST];
static pthread_mutex_t forks[MOST];
static sem_t waiter;
static int count, meals;

static void write_line(int number, const char *event, int object)
{
    static pthread_mutex_t pen = PTHREAD_MUTEX_INITIALIZER;
    static uint64_t line;

    pthread_mutex_lock(&pen);
    dprintf(STDOUT_FILENO, "%ju: %d %s %d\n", (uintmax_t)++line, number, event, object);
    pthread_mutex_unlock(&pen);
}

static void take(int number, int fork)
{
    pthread_mutex_lock(&forks[fork]);
    write_line(number, "takes", fork);
}

static void put(int number, int fork)
{
    write_line(number, "puts", fork);
    pthread_mutex_unlock(&forks[fork]);
}

static void *live(void *self)
{
    struct philosopher *me = self;
    int near = me->number;
    int far = me->right->number;
    char byte;

    for (int meal = 1; meal <= meals; meal++) {
        if (meal > 1 && count > 1) {
            sem_wait(&me->ate_left);
            sem_wait(&me->ate_right);
        }

        sem_wait(&waiter);
        take(near, near);
        (void)!read(STDIN_FILENO, &byte, 1);
        if (far != near)
            take(near, far);
        write_line(near, "eats", meal);
        if (far != near)
            put(near, far);
        put(near, near);
        sem_post(&waiter);

        sem_post(&me->left->ate_right);
        sem_post(&me->right->ate_left);
    }
    return NULL;
}

static int number_in(const char *word, int most)
{
    char *end;
    long number = strtol(word, &end, 10);

    return *word != '\0' && *end == '\0' && number >= 1 && number <= most ? (int)number : 0;
}

int main(int argc, char *argv[])
{
    if (argc == 3) {
        count = number_in(argv[1], MOST);
        meals = number_in(argv[2], 10000);
    }
    if (count == 0 || meals == 0) {
        fputs("usage: philosophers N M\n", stderr);
        return 2;
    }

    sem_init(&waiter, 0, count > 1 ? (unsigned)count - 1 : 1);
    for (int i = 0; i < count; i++) {
        table[i].number = i;
        table[i].left = &table[(i + count - 1) % count];
        table[i].right = &table[(i + 1) % count];
        sem_init(&table[i].ate_left, 0, 0);
        sem_init(&table[i].ate_right, 0, 0);
        pthread_mutex_init(&forks[i], NULL);
    }

    for (struct philosopher *p = table; p < table + count; p++) {
        if ((errno = pthread_create(&p->thread, NULL, live, p)) != 0) {
            perror("philosophers: pthread_create");
            return 1;
        }
    }
    for (struct philosopher *p = table; p < table + count; p++)
        pthread_join(p->thread, NULL);
    return 0;
}
