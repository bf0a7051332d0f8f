/*
 * Right: _exit skips atexit functions and the flushing of streams, so the file is closed before.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    int file = open("notes.txt", O_WRONLY | O_CREAT, 0644);
    if (file < 0)
        err(EXIT_FAILURE, "notes.txt");
    close(file);
    _exit(EXIT_SUCCESS);
}
