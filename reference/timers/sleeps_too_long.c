/*
 * A timeout: sleeps longer than it may run.
 */
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    sleep(30);
    return EXIT_SUCCESS;
}
