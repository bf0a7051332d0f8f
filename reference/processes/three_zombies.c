/*
 * Three zombies: the parent sleeps until its three children have certainly ended, and waits for none of them.
 */
#include <err.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    for (int i = 0; i < 3; i++) {
        pid_t child = fork();
        if (child < 0)
            err(EXIT_FAILURE, "fork");
        if (child == 0)
            _exit(EXIT_SUCCESS);
    }
    usleep(50 * 1000);
    return EXIT_SUCCESS;
}
