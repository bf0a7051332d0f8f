/*
 * fdprobe: says which file descriptors it was born with, then behaves like cat.
 *
 * It stands in for a stage of a pipeline. On standard error it writes one line, in a single write(2) so that the
 * lines of several probes never mix:
 *
 *     fdprobe pid=12 0=pipe:[21809] 1=pipe:[21810] 2=pipe:[21811] 5=/work/my%20notes.txt
 *
 * A space, a '%' and every byte that is not printable ASCII are written as %XX, so the line splits at its spaces.
 * When the descriptors cannot be listed, the line says error=ENAME in their place: "could not look" must not read
 * like "nothing there".
 *
 * Exit status: 0 at the end of input, 1 when reading or writing failed. Signal dispositions stay as inherited.
 */

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COPY_SIZE = 64 * 1024 };

static void put_encoded(FILE *line, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (byte <= ' ' || byte >= 0x7f || byte == '%')
            fprintf(line, "%%%02X", byte);
        else
            fputc(byte, line);
    }
}

/* Appends " NUMBER=TARGET" for every open descriptor but the one that the listing itself needs. */
static void put_descriptors(FILE *line)
{
    DIR *directory = opendir("/proc/self/fd");
    if (directory == NULL) {
        fprintf(line, " error=%s", strerrorname_np(errno));
        return;
    }

    struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] == '.' || atoi(entry->d_name) == dirfd(directory))
            continue;
        char target[PATH_MAX];
        ssize_t length = readlinkat(dirfd(directory), entry->d_name, target, sizeof target);
        fprintf(line, " %s=", entry->d_name);
        put_encoded(line, target, length < 0 ? 0 : (size_t)length);
    }
    closedir(directory);
}

/* Builds the whole line in memory first: standard error must see exactly one write. */
static bool report(void)
{
    char *text = NULL;
    size_t length = 0;
    FILE *line = open_memstream(&text, &length);
    if (line == NULL)
        return false;

    fprintf(line, "fdprobe pid=%d", (int)getpid());
    put_descriptors(line);
    fputc('\n', line);
    if (fclose(line) != 0) {
        free(text);
        return false;
    }

    ssize_t written;
    do {
        written = write(STDERR_FILENO, text, length);
    } while (written < 0 && errno == EINTR);
    free(text);
    return written >= 0;
}

static bool write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        bytes += written;
        length -= (size_t)written;
    }
    return true;
}

static bool copy(int from, int to)
{
    static char buffer[COPY_SIZE];

    for (;;) {
        ssize_t length = read(from, buffer, sizeof buffer);
        if (length == 0)
            return true;
        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0 || !write_all(to, buffer, (size_t)length))
            return false;
    }
}

int main(void)
{
    /* A program that closed standard error still gets its data through: the report is lost, the copy is not. */
    (void)report();

    if (copy(STDIN_FILENO, STDOUT_FILENO))
        return EXIT_SUCCESS;
    if (errno != EPIPE)
        perror("fdprobe");
    return EXIT_FAILURE;
}
