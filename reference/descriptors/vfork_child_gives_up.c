/*
 * Right: the child of vfork cannot execute anything and ends. It has opened nothing; the file is its parent's.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int file = open("notes.txt", O_WRONLY | O_CREAT, 0644);
    if (file < 0)
        err(EXIT_FAILURE, "notes.txt");

    pid_t child = vfork();
    if (child < 0)
        err(EXIT_FAILURE, "vfork");
    if (child == 0) {
        execl("./no_such_program", "no_such_program", (char *)NULL);
        _exit(127);
    }

    close(file);
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
