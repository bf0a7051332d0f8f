/*
 * Leaves a stream open at exit: exit flushes a FILE, but that is not the fclose which is missing.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    FILE *notes = fopen("notes.txt", "w");
    if (notes == NULL)
        err(EXIT_FAILURE, "notes.txt");
    fputs("hello\n", notes);
    return EXIT_SUCCESS;
}
