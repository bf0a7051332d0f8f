/*
 * Right: a program of the system dies of a signal, which is not this program's crash.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", "kill -SEGV $$", (char *)NULL);
        _exit(127);
    }

    int status;
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? EXIT_SUCCESS : EXIT_FAILURE;
}
