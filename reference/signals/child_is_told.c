/*
 * Right: the same, and a second child sends the signal.
 */
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int ends[2];

static void tell_child(int number)
{
    write(ends[1], &number, sizeof number);
}

int main(void)
{
    if (pipe(ends) < 0)
        err(EXIT_FAILURE, "pipe");
    struct sigaction action = { .sa_handler = tell_child, .sa_flags = SA_RESTART };
    sigaction(SIGTERM, &action, NULL);

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        int number;
        close(ends[1]);
        read(ends[0], &number, sizeof number);
        _exit(EXIT_SUCCESS);
    }
    pid_t sender = fork();
    if (sender < 0)
        err(EXIT_FAILURE, "fork");
    if (sender == 0) {
        usleep(100 * 1000);
        kill(getppid(), SIGTERM);
        _exit(EXIT_SUCCESS);
    }

    waitpid(child, NULL, 0);
    waitpid(sender, NULL, 0);
    close(ends[0]);
    close(ends[1]);
    return EXIT_SUCCESS;
}
