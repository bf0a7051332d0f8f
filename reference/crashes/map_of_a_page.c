/*
 * Right: the file has been given a page before it is written through the map.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void)
{
    int file = open("page.txt", O_RDWR | O_CREAT, 0644);
    if (file < 0 || ftruncate(file, 4096) < 0)
        err(EXIT_FAILURE, "page.txt");
    char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (page == MAP_FAILED)
        err(EXIT_FAILURE, "mmap");
    close(file);

    page[0] = 'x';
    return EXIT_SUCCESS;
}
