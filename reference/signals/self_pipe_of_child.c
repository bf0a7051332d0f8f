/*
 * Right: the handler of SIGCHLD writes into the pipe that the program reads, once its child has ended.
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int ends[2];

static void pass_on(int number)
{
    write(ends[1], &number, sizeof number);
}

int main(void)
{
    if (pipe(ends) < 0)
        err(EXIT_FAILURE, "pipe");
    struct sigaction action = { .sa_handler = pass_on };
    sigaction(SIGCHLD, &action, NULL);

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        usleep(100 * 1000);
        _exit(EXIT_SUCCESS);
    }
    int number;
    while (read(ends[0], &number, sizeof number) < 0 && errno == EINTR)
        ;
    waitpid(child, NULL, 0);
    close(ends[0]);
    close(ends[1]);
    return EXIT_SUCCESS;
}
