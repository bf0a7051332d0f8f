/*
 * Right: the pipe ends when the last of five writers has closed it, each of which takes its time.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WRITERS = 5 };

int main(void)
{
    int ends[2];
    if (pipe(ends) < 0)
        err(EXIT_FAILURE, "pipe");

    for (int i = 0; i < WRITERS; i++) {
        pid_t writer = fork();
        if (writer < 0)
            err(EXIT_FAILURE, "fork");
        if (writer == 0) {
            close(ends[0]);
            usleep(30 * 1000 * (unsigned)i);
            write(ends[1], "hello\n", 6);
            _exit(EXIT_SUCCESS);
        }
    }
    close(ends[1]);

    char text[16];
    while (read(ends[0], text, sizeof text) > 0)
        ;
    close(ends[0]);
    while (wait(NULL) > 0)
        ;
    return EXIT_SUCCESS;
}
