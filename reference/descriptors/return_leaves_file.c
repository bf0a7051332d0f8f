/*
 * Leaves a file open at exit: main returns without closing it.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>

int main(void)
{
    if (open("notes.txt", O_WRONLY | O_CREAT, 0644) < 0)
        err(EXIT_FAILURE, "notes.txt");
    return EXIT_SUCCESS;
}
