/*
 * A timeout, not a deadlock: SIGINT interrupts the opening of a FIFO that nobody else opens.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void do_nothing(int number)
{
    (void)number;
}

int main(void)
{
    if (mkfifo("channel", 0600) < 0)
        err(EXIT_FAILURE, "mkfifo");
    struct sigaction action = { .sa_handler = do_nothing };
    sigaction(SIGINT, &action, NULL);

    int reader = open("channel", O_RDONLY);
    if (reader < 0)
        return errno == EINTR ? EXIT_SUCCESS : EXIT_FAILURE;
    close(reader);
    return EXIT_SUCCESS;
}
