/*
 * Right: the handler of an interval timer writes into the pipe that the program reads.
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

static int ends[2];

static void write_byte(int number)
{
    (void)number;
    write(ends[1], "x", 1);
}

int main(void)
{
    if (pipe(ends) < 0)
        err(EXIT_FAILURE, "pipe");
    struct sigaction action = { .sa_handler = write_byte };
    sigaction(SIGALRM, &action, NULL);
    struct itimerval soon = { .it_value.tv_usec = 150 * 1000 };
    setitimer(ITIMER_REAL, &soon, NULL);

    char byte;
    while (read(ends[0], &byte, 1) < 0 && errno == EINTR)
        ;
    close(ends[0]);
    close(ends[1]);
    return EXIT_SUCCESS;
}
