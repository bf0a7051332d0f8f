/*
 * Right: a timer's signal interrupts waitpid every few milliseconds, and the parent goes on waiting.
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static void do_nothing(int number)
{
    (void)number;
}

int main(void)
{
    struct sigaction action = { .sa_handler = do_nothing };
    sigaction(SIGALRM, &action, NULL);

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        usleep(100 * 1000);
        _exit(EXIT_SUCCESS);
    }

    struct itimerval often = { .it_interval.tv_usec = 7000, .it_value.tv_usec = 7000 };
    setitimer(ITIMER_REAL, &often, NULL);
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    return EXIT_SUCCESS;
}
