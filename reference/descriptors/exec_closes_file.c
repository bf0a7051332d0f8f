/*
 * Right: the file is opened with O_CLOEXEC, so the kernel closes it when `true` starts.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    if (open("notes.txt", O_WRONLY | O_CREAT | O_CLOEXEC, 0644) < 0)
        err(EXIT_FAILURE, "notes.txt");

    execl("/bin/true", "true", (char *)NULL);
    err(EXIT_FAILURE, "true");
}
