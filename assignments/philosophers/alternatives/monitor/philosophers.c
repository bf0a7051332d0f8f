/*
 * philosophers at a monitor: one mutex guards the table, forks are entries in it, and each philosopher
 * has a condition of his own to wait on. The even ones reach for their left fork first, the odd ones for
 * their right one; where two even ones sit together, at odd tables, the ring is broken elsewhere.
 * The last philosopher is the main thread itself.
 */

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FREE (-1)

static struct {
    pthread_mutex_t mutex;
    int n, m;
    unsigned lines;
    int *holder;           /* of each fork, or FREE */
    int *eaten;            /* by each philosopher */
    pthread_cond_t *moved; /* something has changed for this philosopher */
} table = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static int left_of(int p)
{
    return (p + table.n - 1) % table.n;
}

static int right_of(int p)
{
    return (p + 1) % table.n;
}

static void line(int p, const char *verb, int k)
{
    char text[64];
    int length = snprintf(text, sizeof text, "%u: %d %s %d\n", ++table.lines, p, verb, k);

    if (write(STDOUT_FILENO, text, (size_t)length) != length)
        exit(1);
}

static void wake_neighbours(int p)
{
    pthread_cond_signal(&table.moved[left_of(p)]);
    pthread_cond_signal(&table.moved[right_of(p)]);
}

static void take(int p, int fork)
{
    while (table.holder[fork] != FREE)
        pthread_cond_wait(&table.moved[p], &table.mutex);
    table.holder[fork] = p;
    line(p, "takes", fork);
}

static void put(int p, int fork)
{
    table.holder[fork] = FREE;
    line(p, "puts", fork);
}

static void *philosophise(void *argument)
{
    int p = (int)((pthread_cond_t *)argument - table.moved);
    int first = p % 2 == 0 ? p : right_of(p);
    int second = p % 2 == 0 ? right_of(p) : p;

    pthread_mutex_lock(&table.mutex);
    for (int k = 1; k <= table.m; k++) {
        char byte;

        while (table.eaten[left_of(p)] < k - 1 || table.eaten[right_of(p)] < k - 1)
            pthread_cond_wait(&table.moved[p], &table.mutex);

        take(p, first);
        pthread_mutex_unlock(&table.mutex); /* the host may speak for long */
        (void)!read(STDIN_FILENO, &byte, 1);
        pthread_mutex_lock(&table.mutex);
        if (table.n > 1)
            take(p, second);

        line(p, "eats", k);
        table.eaten[p] = k;

        if (table.n > 1)
            put(p, second);
        put(p, first);
        wake_neighbours(p);
    }
    pthread_mutex_unlock(&table.mutex);
    return NULL;
}

int main(int argc, char *argv[])
{
    if (argc != 3 || (table.n = atoi(argv[1])) < 1 || (table.m = atoi(argv[2])) < 1) {
        fprintf(stderr, "usage: %s N M\n", argv[0]);
        return 2;
    }

    size_t n = (size_t)table.n;
    pthread_t *threads = calloc(n, sizeof *threads);
    table.holder = calloc(n, sizeof *table.holder);
    table.eaten = calloc(n, sizeof *table.eaten);
    table.moved = calloc(n, sizeof *table.moved);
    if (!threads || !table.holder || !table.eaten || !table.moved) {
        perror("philosophers");
        return 1;
    }

    for (size_t i = 0; i < n; i++) {
        table.holder[i] = FREE;
        pthread_cond_init(&table.moved[i], NULL);
    }
    for (size_t i = 0; i + 1 < n; i++) {
        if ((errno = pthread_create(&threads[i], NULL, philosophise, &table.moved[i])) != 0) {
            perror("philosophers: pthread_create");
            exit(1);
        }
    }
    philosophise(&table.moved[n - 1]);
    for (size_t i = 0; i + 1 < n; i++)
        pthread_join(threads[i], NULL);

    free(threads);
    free(table.holder);
    free(table.eaten);
    free(table.moved);
    return 0;
}
