/*
 * Leaks two files into exec: two objects, two leaks.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    if (open("notes.txt", O_WRONLY | O_CREAT, 0644) < 0 || open("log.txt", O_WRONLY | O_CREAT, 0644) < 0)
        err(EXIT_FAILURE, "open");

    execl("/bin/true", "true", (char *)NULL);
    err(EXIT_FAILURE, "true");
}
