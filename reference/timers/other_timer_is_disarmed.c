/*
 * Right: when the real-time timer rings, the parent closes the pipe that its child reads, and the child, for which it
 * waits, ends. That another timer is disarmed in between makes no difference.
 */
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static int ends[2];

static void close_pipe(int number)
{
    (void)number;
    close(ends[1]);
}

int main(void)
{
    if (pipe(ends) < 0)
        err(EXIT_FAILURE, "pipe");
    struct sigaction action = { .sa_handler = close_pipe, .sa_flags = SA_RESTART };
    sigaction(SIGALRM, &action, NULL);

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        char byte;
        close(ends[1]);
        read(ends[0], &byte, 1);
        _exit(EXIT_SUCCESS);
    }

    struct itimerval soon = { .it_value.tv_usec = 150 * 1000 }, never = { 0 };
    setitimer(ITIMER_REAL, &soon, NULL);
    setitimer(ITIMER_PROF, &never, NULL);
    waitpid(child, NULL, 0);
    close(ends[0]);
    return EXIT_SUCCESS;
}
