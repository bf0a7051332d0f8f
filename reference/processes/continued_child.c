/*
 * Right: WUNTRACED lets the parent notice that its child has stopped, and it continues it.
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

    int status;
    while (waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status))
        kill(child, SIGCONT);
    return EXIT_SUCCESS;
}
