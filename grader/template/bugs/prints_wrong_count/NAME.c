/* Copies standard input through a pipe to a child and prints how many bytes went through. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

/* The child's part: reads until every write end is closed. */
static void drain(int input)
{
    char buffer[4096];
    ssize_t count;
    while ((count = read(input, buffer, sizeof buffer)) > 0)
        ;
    if (count < 0)
        die("read");
}

static void write_all(int output, const char *data, ssize_t size)
{
    while (size > 0) {
        ssize_t written = write(output, data, (size_t)size);
        if (written < 0)
            die("write");
        data += written;
        size -= written;
    }
}

/* The parent's part: passes everything on and returns how much it was. */
static long feed(int output)
{
    char buffer[4096];
    long total = 0;
    ssize_t count;
    while ((count = read(STDIN_FILENO, buffer, sizeof buffer)) > 0) {
        write_all(output, buffer, count);
        total += sizeof buffer;
    }
    if (count < 0)
        die("read");
    return total;
}

int main(void)
{
    int ends[2];
    if (pipe(ends) < 0)
        die("pipe");

    pid_t child = fork();
    if (child < 0)
        die("fork");
    if (child == 0) {
        close(ends[1]); /* or the child would wait for itself */
        drain(ends[0]);
        close(ends[0]);
        _exit(EXIT_SUCCESS);
    }

    close(ends[0]);
    long total = feed(ends[1]);
    close(ends[1]); /* the child's end of file */
    if (waitpid(child, NULL, 0) < 0)
        die("waitpid");
    printf("%ld\n", total);
    return EXIT_SUCCESS;
}
