/*
 * Leaks a file into exec: the program executes itself, and the second image closes what it should not have got.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { LEAKED = 3 };

int main(int argc, char *argv[])
{
    if (argc > 1)
        return close(LEAKED) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;

    if (open("notes.txt", O_WRONLY | O_CREAT, 0644) != LEAKED)
        err(EXIT_FAILURE, "notes.txt");
    execl("/proc/self/exe", argv[0], "again", (char *)NULL);
    err(EXIT_FAILURE, "exec");
}
