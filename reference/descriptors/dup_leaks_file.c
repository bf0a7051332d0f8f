/*
 * Leaks a file into exec: the file is opened with O_CLOEXEC, but a copy made by dup never has that flag.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    int file = open("notes.txt", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0 || dup(file) < 0)
        err(EXIT_FAILURE, "notes.txt");

    execl("/bin/true", "true", (char *)NULL);
    err(EXIT_FAILURE, "true");
}
