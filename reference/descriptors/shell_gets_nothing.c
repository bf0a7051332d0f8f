/*
 * Right: the mode "we" opens a stream with O_CLOEXEC, so the shell that system starts does not get it.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    FILE *notes = fopen("notes.txt", "we");
    if (notes == NULL)
        err(EXIT_FAILURE, "notes.txt");

    int status = system(":");
    fclose(notes);
    return status == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
