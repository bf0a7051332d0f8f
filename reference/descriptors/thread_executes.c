/*
 * Right: a thread other than the first one executes `true`, and the file has been opened with O_CLOEXEC.
 */
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static void *execute(void *argument)
{
    (void)argument;
    execl("/bin/true", "true", (char *)NULL);
    err(EXIT_FAILURE, "true");
}

int main(void)
{
    if (open("notes.txt", O_WRONLY | O_CREAT | O_CLOEXEC, 0644) < 0)
        err(EXIT_FAILURE, "notes.txt");

    pthread_t thread;
    pthread_create(&thread, NULL, execute, NULL);
    pthread_join(thread, NULL);
    return EXIT_FAILURE;
}
