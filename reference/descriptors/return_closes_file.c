/*
 * Right: the file is closed before main returns.
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
    return close(file) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
