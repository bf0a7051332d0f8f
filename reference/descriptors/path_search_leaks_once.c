/*
 * Leaks a file into exec: execvp tries each folder of PATH, and only the last of its attempts succeeds: one leak.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    if (open("notes.txt", O_WRONLY | O_CREAT, 0644) < 0)
        err(EXIT_FAILURE, "notes.txt");

    setenv("PATH", "/nowhere:/dev/null:/work:/bin", 1);
    execlp("true", "true", (char *)NULL);
    err(EXIT_FAILURE, "true");
}
