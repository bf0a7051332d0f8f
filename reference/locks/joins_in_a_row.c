/*
 * Right: the first thread joins the second, which joins the third, which ends after a while.
 */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static void *rest(void *argument)
{
    usleep(100 * 1000);
    return argument;
}

static void *join(void *thread)
{
    pthread_join(*(pthread_t *)thread, NULL);
    return NULL;
}

int main(void)
{
    pthread_t second, third;
    pthread_create(&third, NULL, rest, NULL);
    pthread_create(&second, NULL, join, &third);
    pthread_join(second, NULL);
    return EXIT_SUCCESS;
}
