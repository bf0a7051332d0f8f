/*
 * eventfd_counter, with two threads in the office: one waits for the doorkeeper, in waitpid, and rings a
 * second eventfd when he has ended; the other one polls both.
 */

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

static int hall; /* counts the people */
static int bell; /* rings when the doorkeeper has gone */
static pid_t keeper;
static int keeper_status;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static int keep_door(void)
{
    uint64_t people;
    char line[40];

    while (fgets(line, sizeof line, stdin) != NULL) {
        sscanf(line, "%" SCNu64, &people);
        if (write(hall, &people, 8) == 8)
            continue;
        if (errno != EAGAIN)
            return 1;
        fprintf(stderr, "turned away: %" PRIu64 "\n", people);
    }
    return 0;
}

static void *wait_for_keeper(void *unused)
{
    uint64_t once = 1;

    while (waitpid(keeper, &keeper_status, 0) == -1 && errno == EINTR)
        continue;
    if (write(bell, &once, sizeof once) == -1)
        die("bell");
    return unused;
}

static void announce(char **words, uint64_t people)
{
    char text[21];

    sprintf(text, "%" PRIu64, people);
    if (words[0] == NULL) {
        puts(text);
        fflush(stdout);
        return;
    }

    pid_t herald = fork();
    if (herald == -1)
        die("fork");
    if (herald == 0) {
        int count = 0;
        while (words[count] != NULL)
            count++;
        char *argv[count + 2];
        for (int i = 0; i < count; i++)
            argv[i] = words[i];
        argv[count] = text;
        argv[count + 1] = NULL;
        execvp(argv[0], argv);
        die(argv[0]);
    }
    waitpid(herald, NULL, 0);
}

int main(int argc, char *argv[])
{
    int flags = EFD_CLOEXEC;

    switch (argc < 2 ? 0 : argv[1][0]) {
    case 's':
        break;
    case 'o':
        flags |= EFD_SEMAPHORE;
        break;
    case 't':
        flags |= EFD_NONBLOCK;
        break;
    default:
        fprintf(stderr, "usage: %s sum|one|try [COMMAND...]\n", argv[0]);
        return 2;
    }

    if ((hall = eventfd(0, flags)) == -1 || (bell = eventfd(0, EFD_CLOEXEC)) == -1)
        die("eventfd");
    if ((keeper = fork()) == -1)
        die("fork");
    if (keeper == 0)
        exit(keep_door());

    pthread_t waiter;
    if ((errno = pthread_create(&waiter, NULL, wait_for_keeper, NULL)) != 0)
        die("pthread_create");

    struct pollfd ears[] = {{hall, POLLIN, 0}, {bell, POLLIN, 0}};
    for (int rung = 0; !rung;) {
        uint64_t people;

        if (poll(ears, 2, -1) == -1 && errno != EINTR)
            die("poll");
        if (ears[0].revents == 0)
            rung = ears[1].revents != 0;
        else if (read(hall, &people, sizeof people) == sizeof people)
            announce(argv + 2, people);
    }

    pthread_join(waiter, NULL);
    close(bell);
    close(hall);
    if (keeper_status != 0) {
        fprintf(stderr, "eventfd_counter: the doorkeeper: wait status %#x\n", keeper_status);
        return 1;
    }
    return 0;
}
