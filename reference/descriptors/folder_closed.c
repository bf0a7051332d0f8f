/*
 * Right: closedir closes the folder's descriptor.
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
    return closedir(folder) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
