/*
 * Right: a shell that the program has started ends the program by a signal.
 */
#include <err.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", "kill -SEGV $PPID", (char *)NULL);
        _exit(127);
    }
    for (;;)
        sleep(10);
}
