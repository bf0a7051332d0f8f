/* Copies standard input through a pipe to a child and prints how many bytes went through. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    int ends[2];
    if (pipe(ends) < 0) {
        perror("pipe");
        return EXIT_FAILURE;
    }
    /* Your part: fork a child that reads from ends[0] until end of file; send it standard input through ends[1];
     * wait for it; print the number of bytes. */
    printf("not yet\n");
    return EXIT_SUCCESS;
}
