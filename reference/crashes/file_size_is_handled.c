/*
 * Right: with SIGXFSZ ignored, a file that grows too large is an error to be handled.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

int main(void)
{
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit = { .rlim_cur = 4096, .rlim_max = 4096 };
    setrlimit(RLIMIT_FSIZE, &limit);

    int file = open("notes.txt", O_WRONLY | O_CREAT, 0644);
    if (file < 0)
        err(EXIT_FAILURE, "notes.txt");
    static const char block[4096];
    while (write(file, block, sizeof block) > 0)
        ;
    int too_large = errno == EFBIG;
    close(file);
    return too_large ? EXIT_SUCCESS : EXIT_FAILURE;
}
