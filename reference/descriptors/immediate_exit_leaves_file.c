/*
 * Leaves a file open at exit: _exit skips the atexit function that would have closed it.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static int file;

static void close_file(void)
{
    close(file);
}

int main(void)
{
    file = open("notes.txt", O_WRONLY | O_CREAT, 0644);
    if (file < 0)
        err(EXIT_FAILURE, "notes.txt");
    atexit(close_file);
    _exit(EXIT_SUCCESS);
}
