/*
 * Right: the parent asks again and again with WNOHANG, sleeping in between.
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
        usleep(100 * 1000);
        _exit(EXIT_SUCCESS);
    }
    while (waitpid(child, NULL, WNOHANG) == 0)
        usleep(10 * 1000);
    return EXIT_SUCCESS;
}
