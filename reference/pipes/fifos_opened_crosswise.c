/*
 * Deadlock: two FIFOs, one for each direction. Both processes open the one they read from first, and each open waits
 * for the other process to get to its second.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void open_both(const char *to_read, const char *to_write)
{
    int input = open(to_read, O_RDONLY);
    int output = open(to_write, O_WRONLY);
    close(input);
    close(output);
}

int main(void)
{
    if (mkfifo("requests", 0600) < 0 || mkfifo("answers", 0600) < 0)
        err(EXIT_FAILURE, "mkfifo");

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        open_both("requests", "answers");
        _exit(EXIT_SUCCESS);
    }
    open_both("answers", "requests");
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
