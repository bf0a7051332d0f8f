/*
 * Right: the first thread ends early, and the last one closes the file that the first one opened.
 */
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static int file;

static void *work(void *argument)
{
    (void)argument;
    usleep(50 * 1000);
    close(file);
    return NULL;
}

int main(void)
{
    file = open("notes.txt", O_WRONLY | O_CREAT, 0644);
    if (file < 0)
        err(EXIT_FAILURE, "notes.txt");

    pthread_t worker;
    pthread_create(&worker, NULL, work, NULL);
    pthread_detach(worker);
    pthread_exit(NULL);
}
