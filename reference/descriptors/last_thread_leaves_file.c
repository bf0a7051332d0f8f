/*
 * Leaves a file open at exit: the first thread ends early, and the process ends with its last thread, which does not
 * close the file that the first one opened.
 */
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static void *work(void *argument)
{
    (void)argument;
    usleep(50 * 1000);
    return NULL;
}

int main(void)
{
    if (open("notes.txt", O_WRONLY | O_CREAT, 0644) < 0)
        err(EXIT_FAILURE, "notes.txt");

    pthread_t worker;
    pthread_create(&worker, NULL, work, NULL);
    pthread_detach(worker);
    pthread_exit(NULL);
}
