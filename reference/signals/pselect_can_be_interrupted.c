/*
 * A timeout, not a deadlock: a server waits in pselect for its worker or for SIGTERM, which is blocked except there.
 * The worker waits for the server.
 */
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t terminated;

static void note(int number)
{
    (void)number;
    terminated = 1;
}

int main(void)
{
    int to_worker[2], to_server[2];
    if (pipe(to_worker) < 0 || pipe(to_server) < 0)
        err(EXIT_FAILURE, "pipe");

    pid_t worker = fork();
    if (worker < 0)
        err(EXIT_FAILURE, "fork");
    if (worker == 0) {
        char byte;
        close(to_worker[1]);
        while (read(to_worker[0], &byte, 1) > 0)
            write(to_server[1], &byte, 1);
        _exit(EXIT_SUCCESS);
    }
    close(to_server[1]);

    sigset_t sigterm, before;
    sigemptyset(&sigterm);
    sigaddset(&sigterm, SIGTERM);
    sigprocmask(SIG_BLOCK, &sigterm, &before);
    struct sigaction action = { .sa_handler = note };
    sigaction(SIGTERM, &action, NULL);
    fd_set inputs;
    while (!terminated) {
        FD_ZERO(&inputs);
        FD_SET(to_server[0], &inputs);
        pselect(to_server[0] + 1, &inputs, NULL, NULL, NULL, &before);
    }
    close(to_worker[1]);
    waitpid(worker, NULL, 0);
    return EXIT_SUCCESS;
}
