/*
 * bounded_queue whose queue is one of the kernel's, a POSIX message queue, and whose workers share one input: each
 * reads from a socket of its own that keeps the lines apart.
 */
#define _GNU_SOURCE

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SIZE 1024

static mqd_t queue;

static void create(long maxsize)
{
    struct mq_attr attributes = {.mq_maxmsg = maxsize, .mq_msgsize = SIZE};
    char name[40];

    sprintf(name, "/queue-of-%ld", (long)getpid());
    queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attributes);
    if (queue == (mqd_t)-1)
        err(1, "mq_open");
}

/* A time limit that has passed long ago makes the call one that does not wait. */
static const struct timespec long_ago;

static int put(const char *item, const struct timespec *limit)
{
    int result;

    while ((result = mq_timedsend(queue, item, strlen(item) + 1, 0, limit)) == -1 && errno == EINTR)
        ;
    if (result == -1 && errno != ETIMEDOUT)
        err(1, "mq_send");
    return result == 0;
}

static int get(char *item, const struct timespec *limit)
{
    ssize_t result;

    while ((result = mq_timedreceive(queue, item, SIZE, NULL, limit)) == -1 && errno == EINTR)
        ;
    if (result == -1 && errno != ETIMEDOUT)
        err(1, "mq_receive");
    return result != -1;
}

static void number_item(char *item, int number)
{
    memset(item, '.', 1000);
    item[1000] = '\0';
    item[sprintf(item, "%d", number)] = '.';
}

static int worker(int self, int input)
{
    char line[2 * SIZE], item[SIZE];
    ssize_t length;

    while ((length = recv(input, line, sizeof line - 1, 0)) > 0) {
        line[length] = '\0';
        char *word = strtok(line, " \n"), *argument = strtok(NULL, " \n");
        if (word == NULL)
            continue;
        if (strcmp(word, "put") == 0) {
            put(argument, NULL);
            printf("%d: put %s\n", self, argument);
        } else if (strcmp(word, "put_nowait") == 0) {
            if (put(argument, &long_ago))
                printf("%d: put_nowait %s\n", self, argument);
            else
                printf("%d: full\n", self);
        } else if (strcmp(word, "get") == 0) {
            get(item, NULL);
            printf("%d: get %s\n", self, item);
        } else if (strcmp(word, "get_nowait") == 0) {
            if (get(item, &long_ago))
                printf("%d: get_nowait %s\n", self, item);
            else
                printf("%d: empty\n", self);
        } else if (strcmp(word, "produce") == 0) {
            for (int i = 1; i <= atoi(argument); i++) {
                number_item(item, i);
                put(item, NULL);
            }
            printf("%d: produced %s\n", self, argument);
        } else if (strcmp(word, "consume") == 0) {
            long long sum = 0;
            for (int i = 1; i <= atoi(argument); i++) {
                get(item, NULL);
                sum += strtoll(item, NULL, 10);
            }
            printf("%d: consumed %s, sum %lld\n", self, argument, sum);
        } else if (strcmp(word, "churn") == 0) {
            long long in = 0, out = 0;
            clock_t end = clock() + atol(argument) * 1000;
            for (int i = 1; clock() < end; i++) {
                number_item(item, i);
                put(item, NULL);
                in += i;
                get(item, NULL);
                out += strtoll(item, NULL, 10);
            }
            printf("%d: churned, put %lld, got %lld\n", self, in, out);
        } else if (strcmp(word, "pid") == 0) {
            printf("%d: pid %ld\n", self, (long)getpid());
        }
        fflush(stdout);
    }
    return 0;
}

int main(int argc, char **argv)
{
    long maxsize = argc == 3 ? atol(argv[1]) : 0, workers = argc == 3 ? atol(argv[2]) : 0;
    if (maxsize < 1 || maxsize > 10 || workers < 1 || workers > 8)
        errx(2, "usage: bounded_queue MAXSIZE WORKERS, at most 10 and 8");

    int sockets[8];
    create(maxsize);
    for (int i = 0; i < workers; i++) {
        int pair[2];
        if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == -1)
            err(1, "socketpair");
        switch (fork()) {
        case -1:
            err(1, "fork");
        case 0:
            for (int other = 0; other < i; other++)
                close(sockets[other]);
            close(pair[1]);
            _exit(worker(i + 1, pair[0]));
        }
        close(pair[0]);
        sockets[i] = pair[1];
        fcntl(pair[1], F_SETFD, FD_CLOEXEC);
    }

    static char line[4096];
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (*line == '!') {
            if (system(line + 1) == -1)
                err(1, "system");
            continue;
        }
        char *command;
        long number = strtol(line, &command, 10);
        if (number < 1 || number > workers)
            warnx("no such worker: %ld", number);
        else if (send(sockets[number - 1], command, strlen(command), MSG_NOSIGNAL) == -1)
            err(1, "send");
    }
    for (int i = 0; i < workers; i++)
        close(sockets[i]);

    int status, result = 0;
    while (wait(&status) > 0)
        result |= status != 0;
    return result;
}
