/*
 * Right: the stream is closed, and so is its descriptor.
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
    return fclose(notes) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
