/*
 * Right: copies standard input, to its end, to standard output.
 */
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    char text[4096];
    ssize_t count;
    while ((count = read(STDIN_FILENO, text, sizeof text)) > 0)
        if (write(STDOUT_FILENO, text, (size_t)count) != count)
            return EXIT_FAILURE;
    return count < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
