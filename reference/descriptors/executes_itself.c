/*
 * Right: the file is closed before the program executes itself; the second image opens it anew and closes it.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
    int file = open("notes.txt", O_WRONLY | O_CREAT, 0644);
    if (file < 0)
        err(EXIT_FAILURE, "notes.txt");
    close(file);
    if (argc > 1)
        return EXIT_SUCCESS;

    execl("/proc/self/exe", argv[0], "again", (char *)NULL);
    err(EXIT_FAILURE, "exec");
}
