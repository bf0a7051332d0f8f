/*
 * Output limit: writes without end.
 */
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    static const char block[4096];
    while (write(STDOUT_FILENO, block, sizeof block) > 0)
        ;
    return EXIT_SUCCESS;
}
