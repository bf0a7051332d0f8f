/*
 * Leaks one file into exec through three descriptors: one object, one leak.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    int file = open("notes.txt", O_WRONLY | O_CREAT, 0644);
    if (file < 0 || dup(file) < 0 || dup2(file, 9) < 0)
        err(EXIT_FAILURE, "notes.txt");

    execl("/bin/true", "true", (char *)NULL);
    err(EXIT_FAILURE, "true");
}
