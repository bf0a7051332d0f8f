/*
 * Right: the first thread waits for a child that another thread has started.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void *start_child(void *argument)
{
    if (fork() == 0)
        _exit(EXIT_SUCCESS);
    return argument;
}

int main(void)
{
    pthread_t starter;
    pthread_create(&starter, NULL, start_child, NULL);
    pthread_join(starter, NULL);
    while (wait(NULL) > 0)
        ;
    return EXIT_SUCCESS;
}
