/*
 * Leaks a file into exec: it is opened without O_CLOEXEC, so `true` starts with it as its fd 3.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    if (open("notes.txt", O_WRONLY | O_CREAT, 0644) < 0)
        err(EXIT_FAILURE, "notes.txt");

    execl("/bin/true", "true", (char *)NULL);
    err(EXIT_FAILURE, "true");
}
