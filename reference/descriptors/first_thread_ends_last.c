/*
 * Leaves a file open at exit: a worker opened it, and ended long before the first thread calls pthread_exit.
 */
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>

static void *work(void *argument)
{
    (void)argument;
    if (open("notes.txt", O_WRONLY | O_CREAT, 0644) < 0)
        err(EXIT_FAILURE, "notes.txt");
    return NULL;
}

int main(void)
{
    pthread_t worker;
    pthread_create(&worker, NULL, work, NULL);
    pthread_join(worker, NULL);
    pthread_exit(NULL);
}
