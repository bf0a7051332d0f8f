/*
 * Deadlock: opening a FIFO for reading waits for somebody to open it for writing, and there is nobody else.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
    if (mkfifo("channel", 0600) < 0)
        err(EXIT_FAILURE, "mkfifo");

    int reader = open("channel", O_RDONLY);
    if (reader < 0)
        err(EXIT_FAILURE, "channel");
    close(reader);
    return EXIT_SUCCESS;
}
