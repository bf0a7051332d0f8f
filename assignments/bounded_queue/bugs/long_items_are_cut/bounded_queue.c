/*
 * bounded_queue - a queue between processes, with workers to try it out
 *
 *     ./bounded_queue MAXSIZE WORKERS
 *
 * Each line of the input is a command for a worker, such as `2 put apple`.
 */

#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    USAGE_ERROR = 2,
    MOST_ITEMS = 10, /* as many as a POSIX message queue has room for, unless the system says otherwise */
    MOST_WORKERS = 8,
    ITEM_SIZE = 1024, /* with the zero byte at the end */
};

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "bounded_queue: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

/* -- the queue ----------------------------------------------------------------------------------- */

/*
 * In memory that all processes share: a ring of items, and three semaphores. `room` counts the places that are free and
 * `stored` the items, so that whoever has got past one of them is sure to find what it has counted. `lock` lets one
 * process at a time change the ring.
 */
struct queue {
    sem_t room;
    sem_t stored;
    sem_t lock;
    size_t maxsize;
    size_t first; /* where the oldest item is */
    size_t next;  /* where the next item goes */
    char items[MOST_ITEMS][64];
};

static void down(sem_t *semaphore)
{
    while (sem_wait(semaphore) == -1) {
        if (errno != EINTR)
            fail("sem_wait");
    }
}

/* Returns false where `down` would have to wait. */
static bool try_down(sem_t *semaphore)
{
    while (sem_trywait(semaphore) == -1) {
        if (errno == EAGAIN)
            return false;
        if (errno != EINTR)
            fail("sem_trywait");
    }
    return true;
}

static void up(sem_t *semaphore)
{
    if (sem_post(semaphore) == -1)
        fail("sem_post");
}

/* Called before fork: the mapping is anonymous, so there is no name that could be left behind. */
static struct queue *queue_create(size_t maxsize)
{
    struct queue *queue = mmap(NULL, sizeof *queue, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (queue == MAP_FAILED)
        fail("mmap");
    queue->maxsize = maxsize;
    if (sem_init(&queue->room, 1, (unsigned)maxsize) == -1 || sem_init(&queue->stored, 1, 0) == -1 ||
        sem_init(&queue->lock, 1, 1) == -1)
        fail("sem_init");
    return queue;
}

/* For who has got past `room`. */
static void store(struct queue *queue, const char *item)
{
    down(&queue->lock);
    snprintf(queue->items[queue->next], sizeof queue->items[0], "%s", item);
    queue->next = (queue->next + 1) % queue->maxsize;
    up(&queue->lock);
    up(&queue->stored);
}

/* For who has got past `stored`. */
static void take(struct queue *queue, char *item)
{
    down(&queue->lock);
    strcpy(item, queue->items[queue->first]);
    queue->first = (queue->first + 1) % queue->maxsize;
    up(&queue->lock);
    up(&queue->room);
}

/* Waits while the queue is full. Never with the lock in hand: who makes room needs it. */
static void queue_put(struct queue *queue, const char *item)
{
    down(&queue->room);
    store(queue, item);
}

/* Returns false if the queue is full. */
static bool queue_put_nowait(struct queue *queue, const char *item)
{
    if (!try_down(&queue->room))
        return false;
    store(queue, item);
    return true;
}

/* Waits while the queue is empty. */
static void queue_get(struct queue *queue, char *item)
{
    down(&queue->stored);
    take(queue, item);
}

/* Returns false if the queue is empty. */
static bool queue_get_nowait(struct queue *queue, char *item)
{
    if (!try_down(&queue->stored))
        return false;
    take(queue, item);
    return true;
}

/* Called once, when nobody uses the queue any more. */
static void queue_destroy(struct queue *queue)
{
    sem_destroy(&queue->room);
    sem_destroy(&queue->stored);
    sem_destroy(&queue->lock);
    munmap(queue, sizeof *queue);
}

/* -- the workers --------------------------------------------------------------------------------- */

/* Makes an item of a number: the digits, and dots up to a thousand bytes, as copying an item shall take its time. */
static void make_item(char *item, long number)
{
    int digits = sprintf(item, "%ld", number);

    memset(item + digits, '.', (size_t)(1000 - digits));
    item[1000] = '\0';
}

/* Puts the numbers 1 to `count`. */
static void produce(struct queue *queue, long count)
{
    char item[ITEM_SIZE];

    for (long number = 1; number <= count; number++) {
        make_item(item, number);
        queue_put(queue, item);
    }
}

/* Gets so many numbers and returns their sum. */
static long long consume(struct queue *queue, long count)
{
    char item[ITEM_SIZE];
    long long sum = 0;

    for (long i = 0; i < count; i++) {
        queue_get(queue, item);
        sum += atoll(item);
    }
    return sum;
}

/* Puts a number and gets one, by turns, for so many milliseconds of processor time; adds up both. */
static void churn(struct queue *queue, long milliseconds, long long *put, long long *got)
{
    clock_t end = clock() + milliseconds * (CLOCKS_PER_SEC / 1000);
    char item[ITEM_SIZE];

    *put = *got = 0;
    for (long number = 1; number % 64 != 0 || clock() < end; number++) {
        make_item(item, number);
        queue_put(queue, item);
        *put += number;
        queue_get(queue, item);
        *got += atoll(item);
    }
}

/* Does what a line says, and answers with a line. */
static void obey(struct queue *queue, int self, const char *command, const char *argument)
{
    char item[ITEM_SIZE];
    long number = atol(argument);

    if (strcmp(command, "put") == 0) {
        queue_put(queue, argument);
        printf("%d: put %s\n", self, argument);
    } else if (strcmp(command, "get") == 0) {
        queue_get(queue, item);
        printf("%d: get %s\n", self, item);
    } else if (strcmp(command, "put_nowait") == 0) {
        if (queue_put_nowait(queue, argument))
            printf("%d: put_nowait %s\n", self, argument);
        else
            printf("%d: full\n", self);
    } else if (strcmp(command, "get_nowait") == 0) {
        if (queue_get_nowait(queue, item))
            printf("%d: get_nowait %s\n", self, item);
        else
            printf("%d: empty\n", self);
    } else if (strcmp(command, "produce") == 0) {
        produce(queue, number);
        printf("%d: produced %ld\n", self, number);
    } else if (strcmp(command, "consume") == 0) {
        long long sum = consume(queue, number);
        printf("%d: consumed %ld, sum %lld\n", self, number, sum);
    } else if (strcmp(command, "churn") == 0) {
        long long put, got;
        churn(queue, number, &put, &got);
        printf("%d: churned, put %lld, got %lld\n", self, put, got);
    } else if (strcmp(command, "pid") == 0) {
        printf("%d: pid %d\n", self, (int)getpid());
    } else {
        fprintf(stderr, "bounded_queue: %s: no such command\n", command);
    }
}

/* A worker's life: one line after the other, until there are no more. */
static void work(struct queue *queue, int self, int input)
{
    FILE *lines = fdopen(input, "r");
    char *line = NULL;
    size_t size = 0;

    if (lines == NULL)
        fail("fdopen");
    while (getline(&line, &size, lines) != -1) {
        char command[16] = "", argument[ITEM_SIZE] = "";
        sscanf(line, "%15s %1023s", command, argument);
        obey(queue, self, command, argument);
    }
    free(line);
    fclose(lines);
}

struct worker {
    pid_t pid;
    int input; /* where we write its lines */
};

/* Starts worker number `count` + 1. */
static void start_worker(struct queue *queue, struct worker workers[], int count)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) == -1)
        fail("pipe2");
    pid_t pid = fork();
    if (pid == -1)
        fail("fork");
    if (pid == 0) {
        /* The others' lines end when nobody can write any more: not we either. */
        for (int i = 0; i < count; i++)
            close(workers[i].input);
        close(ends[1]);
        work(queue, count + 1, ends[0]);
        exit(EXIT_SUCCESS);
    }
    close(ends[0]);
    workers[count] = (struct worker){.pid = pid, .input = ends[1]};
}

/* -- the input ----------------------------------------------------------------------------------- */

/* Hands each line to its worker, or a command to a shell, until the end of the input. */
static void distribute(struct worker workers[], int count)
{
    char *line = NULL;
    size_t size = 0;

    while (getline(&line, &size, stdin) != -1) {
        char *rest;
        long number = strtol(line, &rest, 10);

        if (line[0] == '!') {
            if (system(line + 1) == -1)
                fail("system");
        } else if (number < 1 || number > count) {
            fprintf(stderr, "bounded_queue: no such worker: %s", line);
        } else if (dprintf(workers[number - 1].input, "%s", rest) == -1) {
            fail("a worker has ended");
        }
    }
    free(line);
}

/* Tells all workers that there are no more lines, and waits for them. Returns whether all did well. */
static bool dismiss(struct worker workers[], int count)
{
    bool all_well = true;

    for (int i = 0; i < count; i++)
        close(workers[i].input);
    for (int i = 0; i < count; i++) {
        int status;
        while (waitpid(workers[i].pid, &status, 0) == -1) {
            if (errno != EINTR)
                fail("waitpid");
        }
        if (status != 0)
            all_well = false;
    }
    return all_well;
}

/* A number from 1 to `most`. */
static int number_from(const char *text, int most)
{
    char *end;
    long number = strtol(text, &end, 10);

    if (end == text || *end != '\0' || number < 1 || number > most) {
        fprintf(stderr, "bounded_queue: %s is not a number from 1 to %d\n", text, most);
        exit(USAGE_ERROR);
    }
    return (int)number;
}

int main(int argc, char *argv[])
{
    struct worker workers[MOST_WORKERS];

    if (argc != 3) {
        fprintf(stderr, "usage: bounded_queue MAXSIZE WORKERS\n");
        return USAGE_ERROR;
    }
    int maxsize = number_from(argv[1], MOST_ITEMS);
    int count = number_from(argv[2], MOST_WORKERS);

    signal(SIGPIPE, SIG_IGN);         /* should a worker be gone, writing to it fails */
    setvbuf(stdout, NULL, _IOLBF, 0); /* each line at once, and whole, into a pipe as well */
    struct queue *queue = queue_create((size_t)maxsize);
    for (int i = 0; i < count; i++)
        start_worker(queue, workers, i);
    distribute(workers, count);
    bool all_well = dismiss(workers, count);
    queue_destroy(queue);
    return all_well ? EXIT_SUCCESS : EXIT_FAILURE;
}
