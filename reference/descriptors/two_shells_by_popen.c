/*
 * Right: popen closes the streams of earlier popens in each new child, so the second shell gets nothing of the first.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    FILE *first = popen("read line", "w");
    FILE *second = popen("echo hello", "r");
    if (first == NULL || second == NULL)
        err(EXIT_FAILURE, "popen");

    char line[16];
    while (fgets(line, sizeof line, second) != NULL)
        fputs(line, first);
    pclose(second);
    return pclose(first) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
