/*
 * Process limit: starts children, which wait to be ended, until fork fails; then ends them all and waits for them.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST = 500 };

int main(void)
{
    pid_t children[MOST];
    int count = 0;
    while (count < MOST && (children[count] = fork()) >= 0) {
        if (children[count] == 0)
            for (;;)
                pause();
        count++;
    }
    usleep(300 * 1000);
    for (int i = 0; i < count; i++)
        kill(children[i], SIGKILL);
    while (wait(NULL) > 0)
        ;
    return EXIT_SUCCESS;
}
