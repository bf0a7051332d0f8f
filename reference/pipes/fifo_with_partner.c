/*
 * Right: the child opens the FIFO for writing, which lets the parent's open for reading return.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    if (mkfifo("channel", 0600) < 0)
        err(EXIT_FAILURE, "mkfifo");

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        int writer = open("channel", O_WRONLY);
        close(writer);
        _exit(writer < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
    }

    int reader = open("channel", O_RDONLY);
    if (reader < 0)
        err(EXIT_FAILURE, "channel");
    close(reader);
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
