/*
 * A zombie: the child executes `true`, and nobody waits for it.
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
        execl("/bin/true", "true", (char *)NULL);
        _exit(127);
    }
    usleep(50 * 1000);
    return EXIT_SUCCESS;
}
