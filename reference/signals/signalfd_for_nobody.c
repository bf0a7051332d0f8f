/*
 * A timeout, not a deadlock: the program reads from a signalfd, and anyone may send the signal.
 */
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

int main(void)
{
    sigset_t awaited;
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGTERM);
    sigprocmask(SIG_BLOCK, &awaited, NULL);

    struct signalfd_siginfo received;
    int signals = signalfd(-1, &awaited, SFD_CLOEXEC);
    if (signals < 0 || read(signals, &received, sizeof received) < 0)
        err(EXIT_FAILURE, "signalfd");
    close(signals);
    return EXIT_SUCCESS;
}
