/*
 * Right: F_DUPFD_CLOEXEC copies a descriptor and sets the flag that dup would have cleared.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    int file = open("notes.txt", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0 || fcntl(file, F_DUPFD_CLOEXEC, 10) < 0)
        err(EXIT_FAILURE, "notes.txt");

    execl("/bin/true", "true", (char *)NULL);
    err(EXIT_FAILURE, "true");
}
