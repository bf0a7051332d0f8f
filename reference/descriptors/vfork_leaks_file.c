/*
 * Leaks a file into exec: after vfork, too, the child has a descriptor table of its own, which survives the exec.
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
        execl("/bin/true", "true", (char *)NULL);
        _exit(127);
    }

    close(file);
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
