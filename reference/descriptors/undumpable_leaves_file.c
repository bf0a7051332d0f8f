/*
 * Leaves a file open at exit, and has made itself undumpable, so that other users may not look at its descriptors.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>

int main(void)
{
    prctl(PR_SET_DUMPABLE, 0);
    if (open("notes.txt", O_WRONLY | O_CREAT, 0644) < 0)
        err(EXIT_FAILURE, "notes.txt");
    return EXIT_SUCCESS;
}
