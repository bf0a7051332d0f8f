/*
 * Right: an ignored signal stays ignored over exec, so the second image's children leave no zombies either.
 */
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
    if (argc == 1) {
        signal(SIGCHLD, SIG_IGN);
        execl("/proc/self/exe", argv[0], "again", (char *)NULL);
        err(EXIT_FAILURE, "exec");
    }

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0)
        _exit(EXIT_SUCCESS);
    return EXIT_SUCCESS;
}
