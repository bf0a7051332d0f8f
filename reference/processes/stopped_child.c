/*
 * Deadlock: the child has stopped itself, and its parent, who alone could continue it, waits for its end.
 */
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        raise(SIGSTOP);
        _exit(EXIT_SUCCESS);
    }
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
