/*
 * eventfd_counter, with a pidfd: a descriptor for the doorkeeper himself, which becomes readable when he
 * has ended. The commands are started by posix_spawn.
 */

#define _GNU_SOURCE

#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static const struct {
    const char *name;
    int flags;
} modes[] = {{"sum", 0}, {"one", EFD_SEMAPHORE}, {"try", EFD_NONBLOCK}};

struct office {
    int counter;
    char **argv; /* the command, with room for the number before the NULL; empty if there is none */
    size_t words;
};

static _Noreturn void doorkeeper(int counter)
{
    uint64_t count;

    while (scanf("%" SCNu64, &count) == 1) {
        if (eventfd_write(counter, count) == 0)
            continue;
        if (errno != EAGAIN)
            err(1, "eventfd_write");
        fprintf(stderr, "turned away: %" PRIu64 "\n", count);
    }
    exit(0);
}

static void report(const struct office *office, eventfd_t count)
{
    char number[24];
    snprintf(number, sizeof number, "%" PRIu64, (uint64_t)count);

    if (office->words == 0) {
        dprintf(STDOUT_FILENO, "%s\n", number);
        return;
    }

    pid_t pid;
    office->argv[office->words] = number;
    int error = posix_spawnp(&pid, office->argv[0], NULL, NULL, office->argv, environ);
    if (error != 0)
        warnx("%s: %s", office->argv[0], strerror(error));
    else
        waitpid(pid, NULL, 0);
}

static int is_ready(int fd, int milliseconds)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};

    return poll(&one, 1, milliseconds) == 1;
}

int main(int argc, char *argv[])
{
    int flags = -1;
    for (size_t i = 0; argc > 1 && i < sizeof modes / sizeof *modes; i++)
        if (strcmp(argv[1], modes[i].name) == 0)
            flags = modes[i].flags;
    if (flags == -1)
        errx(2, "a mode is needed: sum, one or try");

    struct office office = {.words = (size_t)argc - 2};
    office.argv = calloc(office.words + 2, sizeof *office.argv);
    if (office.argv == NULL)
        err(1, NULL);
    memcpy(office.argv, argv + 2, office.words * sizeof *office.argv);

    office.counter = eventfd(0, flags | EFD_CLOEXEC);
    if (office.counter == -1)
        err(1, "eventfd");

    pid_t pid = fork();
    if (pid == -1)
        err(1, "fork");
    if (pid == 0)
        doorkeeper(office.counter);

    int ending = pidfd_open(pid, 0); /* close-on-exec by itself */
    if (ending == -1)
        err(1, "pidfd_open");

    struct pollfd both[] = {{.fd = office.counter, .events = POLLIN}, {.fd = ending, .events = POLLIN}};
    eventfd_t count;
    do {
        if (poll(both, 2, -1) == -1 && errno != EINTR)
            err(1, "poll");
        while (is_ready(office.counter, 0) && eventfd_read(office.counter, &count) == 0)
            report(&office, count);
    } while (!is_ready(ending, 0) || is_ready(office.counter, 0));

    siginfo_t end = {0};
    waitid(P_PIDFD, (id_t)ending, &end, WEXITED);
    close(ending);
    close(office.counter);
    free(office.argv);
    if (end.si_code != CLD_EXITED || end.si_status != 0)
        errx(1, "the doorkeeper came to a bad end");
    return 0;
}
