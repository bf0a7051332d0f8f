/*
 * A timeout, not a deadlock: SIGINT interrupts the wait for a file's lock that the program holds by another descriptor.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

static void do_nothing(int number)
{
    (void)number;
}

int main(void)
{
    int first = open("lock", O_RDWR | O_CREAT, 0644);
    int second = open("lock", O_RDWR);
    if (first < 0 || second < 0 || flock(first, LOCK_EX) < 0)
        err(EXIT_FAILURE, "lock");
    struct sigaction action = { .sa_handler = do_nothing };
    sigaction(SIGINT, &action, NULL);

    int interrupted = flock(second, LOCK_EX) < 0 && errno == EINTR;
    close(first);
    close(second);
    return interrupted ? EXIT_SUCCESS : EXIT_FAILURE;
}
