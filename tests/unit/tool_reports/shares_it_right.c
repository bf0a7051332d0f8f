/* What students do with threads, without a fault. */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKERS 4
#define ROUNDS 200

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t guard = PTHREAD_RWLOCK_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_barrier_t barrier;
static sem_t items;
static int queue[WORKERS * ROUNDS], queued, taken, table[8], passed[WORKERS];
static atomic_int finished;
static int ends[2];
static char *text;

static void prepare(void)
{
    text = malloc(16);
    text[0] = 'x';
}

static void *work(void *argument)
{
    int number = *(int *)argument;
    free(argument);
    pthread_once(&once, prepare);
    passed[number] = text[0];
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < WORKERS; i++)
        if (passed[i] != 'x')
            abort();
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&lock);
        queue[queued++] = number;
        pthread_cond_signal(&changed);
        pthread_mutex_unlock(&lock);
        sem_post(&items);
        pthread_rwlock_wrlock(&guard);
        table[i % 8]++;
        pthread_rwlock_unlock(&guard);
    }
    atomic_fetch_add(&finished, 1);
    return NULL;
}

static void *take(void *argument)
{
    for (int i = 0; i < WORKERS * ROUNDS; i++) {
        sem_wait(&items);
        pthread_mutex_lock(&lock);
        while (taken == queued)
            pthread_cond_wait(&changed, &lock);
        taken += queue[taken] >= 0;
        pthread_mutex_unlock(&lock);
        pthread_rwlock_rdlock(&guard);
        if (table[0] < 0)
            abort();
        pthread_rwlock_unlock(&guard);
    }
    return argument;
}

static int handed_over;

static void *give(void *argument)
{
    handed_over = 42; /* the pipe orders this before the reader's look */
    if (write(ends[1], "x", 1) != 1)
        abort();
    return argument;
}

static void *await_signal(void *argument)
{
    int number;
    sigwait(argument, &number);
    return NULL;
}

int main(void)
{
    pthread_t workers[WORKERS], taker, giver, waiter;
    char byte;
    sigset_t set;
    sem_t *between = mmap(NULL, sizeof *between, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    pthread_barrier_init(&barrier, NULL, WORKERS);
    sem_init(&items, 0, 0);
    sem_init(between, 1, 0);
    if (pipe(ends) == -1)
        return 1;
    pthread_create(&taker, NULL, take, NULL);
    for (int i = 0; i < WORKERS; i++) {
        int *number = malloc(sizeof *number);
        *number = i;
        pthread_create(&workers[i], NULL, work, number);
    }
    pthread_create(&giver, NULL, give, NULL);
    pthread_create(&waiter, NULL, await_signal, &set);
    while (read(ends[0], &byte, 1) == -1 && errno == EINTR)
        ;
    if (handed_over != 42)
        return 2;
    pthread_kill(waiter, SIGUSR1);
    pthread_join(waiter, NULL);
    pthread_join(giver, NULL);
    for (int i = 0; i < WORKERS; i++)
        pthread_join(workers[i], NULL);
    pthread_join(taker, NULL);
    if (fork() == 0) {
        sem_post(between);
        exit(0);
    }
    sem_wait(between);
    wait(NULL);
    printf("%d %d\n", taken, finished);
    free(text);
    return 0;
}
