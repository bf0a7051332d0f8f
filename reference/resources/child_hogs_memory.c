/*
 * Memory limit: a child uses more and more memory. That the kernel ends it is no crash of the child's.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        char *block;
        while ((block = malloc(1 << 20)) != NULL)
            memset(block, 1, 1 << 20);
        _exit(EXIT_SUCCESS);
    }
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
