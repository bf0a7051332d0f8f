/*
 * Crash: a timer rings while the program sleeps, and SIGALRM, for which it has no handler, ends it.
 */
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

int main(void)
{
    struct itimerval soon = { .it_value.tv_usec = 50 * 1000 };
    setitimer(ITIMER_REAL, &soon, NULL);
    sleep(3);
    return EXIT_SUCCESS;
}
