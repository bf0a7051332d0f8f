/*
 * A zombie: the parent waits for its child, but the child does not wait for its own, although it goes on for a while.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void start_and_forget(void)
{
    pid_t grandchild = fork();
    if (grandchild == 0)
        _exit(EXIT_SUCCESS);
    siginfo_t ended;
    waitid(P_PID, (id_t)grandchild, &ended, WEXITED | WNOWAIT);
    usleep(150 * 1000);
}

int main(void)
{
    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        start_and_forget();
        _exit(EXIT_SUCCESS);
    }
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
