/*
 * Crash: SIGBUS, as the file that is mapped has no such page.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void)
{
    int file = open("empty.txt", O_RDWR | O_CREAT, 0644);
    char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (file < 0 || page == MAP_FAILED)
        err(EXIT_FAILURE, "empty.txt");
    close(file);

    page[0] = 'x';
    return EXIT_SUCCESS;
}
