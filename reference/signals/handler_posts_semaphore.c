/*
 * A timeout, not a deadlock: the handler of SIGINT posts the semaphore that the program waits for.
 */
#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>

static sem_t interrupted;

static void post(int number)
{
    (void)number;
    sem_post(&interrupted);
}

int main(void)
{
    sem_init(&interrupted, 0, 0);
    struct sigaction action = { .sa_handler = post };
    sigaction(SIGINT, &action, NULL);

    while (sem_wait(&interrupted) < 0 && errno == EINTR)
        ;
    return EXIT_SUCCESS;
}
