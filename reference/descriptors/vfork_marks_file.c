/*
 * Right: FD_CLOEXEC, set after opening, keeps the file from the program that the child executes.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int file = open("notes.txt", O_WRONLY | O_CREAT, 0644);
    if (file < 0 || fcntl(file, F_SETFD, FD_CLOEXEC) < 0)
        err(EXIT_FAILURE, "notes.txt");

    pid_t child = vfork();
    if (child < 0)
        err(EXIT_FAILURE, "vfork");
    if (child == 0) {
        execl("/bin/true", "true", (char *)NULL);
        _exit(127);
    }

    close(file);
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
