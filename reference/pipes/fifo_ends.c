/*
 * Right: opened with O_RDONLY, the FIFO ends for its reader when the last writer has closed it.
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
        write(writer, "hello\n", 6);
        close(writer);
        _exit(EXIT_SUCCESS);
    }

    int reader = open("channel", O_RDONLY);
    char text[16];
    while (read(reader, text, sizeof text) > 0)
        ;
    close(reader);
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
