/*
 * Right: an interval timer survives exec, and ends the read of the program's second image.
 */
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

static void do_nothing(int number)
{
    (void)number;
}

int main(int argc, char *argv[])
{
    if (argc == 1) {
        struct itimerval often = { .it_interval.tv_usec = 150 * 1000, .it_value.tv_usec = 150 * 1000 };
        signal(SIGALRM, SIG_IGN);
        setitimer(ITIMER_REAL, &often, NULL);
        execl("/proc/self/exe", argv[0], "again", (char *)NULL);
        err(EXIT_FAILURE, "exec");
    }

    struct sigaction action = { .sa_handler = do_nothing };
    sigaction(SIGALRM, &action, NULL);
    int ends[2];
    if (pipe(ends) < 0)
        err(EXIT_FAILURE, "pipe");
    char byte;
    int interrupted = read(ends[0], &byte, 1) < 0;
    close(ends[0]);
    close(ends[1]);
    return interrupted ? EXIT_SUCCESS : EXIT_FAILURE;
}
