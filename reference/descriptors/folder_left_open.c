/*
 * Leaves a folder open at exit: opendir opens a descriptor too, and only closedir closes it.
 */
#include <dirent.h>
#include <err.h>
#include <stdlib.h>

int main(void)
{
    DIR *folder = opendir(".");
    if (folder == NULL)
        err(EXIT_FAILURE, "opendir");
    while (readdir(folder) != NULL)
        ;
    return EXIT_SUCCESS;
}
