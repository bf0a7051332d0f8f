/*
 * Right: close_range with CLOSE_RANGE_CLOEXEC lets the program use its descriptors up to the exec, and no longer.
 */
#define _GNU_SOURCE /* close_range */
#include <err.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    int ends[2];
    if (pipe(ends) < 0 || open("notes.txt", O_WRONLY | O_CREAT, 0644) < 0)
        err(EXIT_FAILURE, "open");

    if (close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
        err(EXIT_FAILURE, "close_range");
    execl("/bin/true", "true", (char *)NULL);
    err(EXIT_FAILURE, "true");
}
