/*
 * Leaks a pipe into exec: a statically linked program that executes itself. The second image finds both ends of the
 * pipe, one object, and closes them.
 */
#include <err.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
    if (argc > 1) {
        close(atoi(argv[1]));
        close(atoi(argv[2]));
        return EXIT_SUCCESS;
    }

    int ends[2];
    if (pipe(ends) < 0)
        err(EXIT_FAILURE, "pipe");
    char first[] = { (char)('0' + ends[0]), '\0' };
    char second[] = { (char)('0' + ends[1]), '\0' };
    execl("/proc/self/exe", argv[0], first, second, (char *)NULL);
    err(EXIT_FAILURE, "exec");
}
