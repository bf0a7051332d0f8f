/*
 * Crash: writes more into a file than RLIMIT_FSIZE allows, and SIGXFSZ ends it.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

int main(void)
{
    struct rlimit limit = { .rlim_cur = 4096, .rlim_max = 4096 };
    setrlimit(RLIMIT_FSIZE, &limit);

    int file = open("notes.txt", O_WRONLY | O_CREAT, 0644);
    if (file < 0)
        err(EXIT_FAILURE, "notes.txt");
    static const char block[4096];
    while (write(file, block, sizeof block) > 0)
        ;
    close(file);
    return EXIT_SUCCESS;
}
