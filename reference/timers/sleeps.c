/*
 * Right: sleeps, and goes on.
 */
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    usleep(200 * 1000);
    return EXIT_SUCCESS;
}
