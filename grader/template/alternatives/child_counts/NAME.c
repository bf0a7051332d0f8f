/* Another right way: the child feeds the pipe, and the parent counts what arrives. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static void copy(int input, int output)
{
    char byte[1024];
    ssize_t count;
    while ((count = read(input, byte, sizeof byte)) > 0)
        for (ssize_t done = 0; done < count;) {
            ssize_t written = write(output, byte + done, (size_t)(count - done));
            if (written < 0)
                die("write");
            done += written;
        }
}

int main(void)
{
    int ends[2];
    if (pipe(ends) < 0)
        die("pipe");
    switch (fork()) {
    case -1:
        die("fork");
        break;
    case 0:
        close(ends[0]);
        copy(STDIN_FILENO, ends[1]);
        close(ends[1]);
        _exit(EXIT_SUCCESS);
    }
    close(ends[1]);
    char buffer[512];
    long total = 0;
    ssize_t count;
    while ((count = read(ends[0], buffer, sizeof buffer)) > 0)
        total += count;
    close(ends[0]);
    if (wait(NULL) < 0)
        die("wait");
    printf("%ld\n", total);
    return EXIT_SUCCESS;
}
