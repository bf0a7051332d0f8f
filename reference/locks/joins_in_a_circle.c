/*
 * Deadlock: three threads, each joining the next. (Of two that join each other, glibc refuses the second.)
 */
#include <pthread.h>
#include <stdlib.h>

static void *join(void *thread)
{
    pthread_join(*(pthread_t *)thread, NULL);
    return NULL;
}

int main(void)
{
    pthread_t first = pthread_self(), second, third;
    pthread_create(&third, NULL, join, &first);
    pthread_create(&second, NULL, join, &third);
    pthread_join(second, NULL);
    return EXIT_SUCCESS;
}
