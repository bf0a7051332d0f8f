/*
 * Leaks a file into exec: system starts a shell, which gets every descriptor that is not marked.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    FILE *notes = fopen("notes.txt", "w");
    if (notes == NULL)
        err(EXIT_FAILURE, "notes.txt");

    int status = system(":");
    fclose(notes);
    return status == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
