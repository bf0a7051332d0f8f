/*
 * Right: the signalfd tells that the child has ended, which takes a while.
 */
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    sigset_t awaited;
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGCHLD);
    sigprocmask(SIG_BLOCK, &awaited, NULL);
    int signals = signalfd(-1, &awaited, SFD_CLOEXEC);
    if (signals < 0)
        err(EXIT_FAILURE, "signalfd");

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        usleep(100 * 1000);
        _exit(EXIT_SUCCESS);
    }
    struct signalfd_siginfo received;
    read(signals, &received, sizeof received);
    close(signals);
    waitpid(child, NULL, 0);
    return received.ssi_pid == (unsigned)child ? EXIT_SUCCESS : EXIT_FAILURE;
}
