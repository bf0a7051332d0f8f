/*
 * Right: close_range closes everything above standard error, however much was opened.
 */
#define _GNU_SOURCE /* close_range */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    int ends[2];
    if (pipe(ends) < 0 || open("notes.txt", O_WRONLY | O_CREAT, 0644) < 0)
        err(EXIT_FAILURE, "open");

    if (close_range(STDERR_FILENO + 1, ~0U, 0) < 0)
        err(EXIT_FAILURE, "close_range");
    execl("/bin/true", "true", (char *)NULL);
    err(EXIT_FAILURE, "true");
}
