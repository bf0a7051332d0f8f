/*
 * shared_counter with a record lock: the counts lie in a file without a name, which is mapped and whose
 * first byte is locked. The kernel takes a lock back from whoever ends, and tells nobody: so everybody
 * looks for himself whether the display agrees with the gates.
 */

#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static int gates, visitors;
static int file;
static int *count; /* count[0] is the display, count[1 + g] what gate g has noted */

static void set_lock(short type)
{
    struct flock range = {.l_type = type, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};

    if (fcntl(file, F_SETLKW, &range) == -1)
        err(1, "fcntl");
}

static void agree(void)
{
    int sum = 0;

    for (int g = 0; g < gates; g++)
        sum += count[1 + g];
    if (count[0] != sum)
        count[0] = sum;
}

static void gate(int g)
{
    char line[80], byte;

    for (int i = 0; i < visitors; i++) {
        set_lock(F_WRLCK);
        agree();
        count[1 + g]++;
        if (read(0, &byte, sizeof byte) < 0)
            err(1, "read");
        count[0]++;
        int length = sprintf(line, "gate %d: visitor %d, total %d\n", g, count[1 + g], count[0]);
        if (write(1, line, (size_t)length) != length)
            err(1, "write");
        set_lock(F_UNLCK);
    }
}

int main(int argc, char **argv)
{
    gates = argc == 3 ? atoi(argv[1]) : 0;
    visitors = argc == 3 ? atoi(argv[2]) : 0;
    if (gates < 1 || gates > 50 || visitors < 1 || visitors > 10000)
        errx(2, "usage: shared_counter GATES VISITORS");

    char name[] = "/tmp/museum-XXXXXX";
    size_t size = (size_t)(1 + gates) * sizeof *count;
    if ((file = mkostemp(name, O_CLOEXEC)) == -1)
        err(1, "%s", name);
    unlink(name);
    if (ftruncate(file, (off_t)size) == -1)
        err(1, "ftruncate");
    count = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (count == MAP_FAILED)
        err(1, "mmap");

    int result = 0;
    for (int g = 0; g < gates; g++) {
        switch (fork()) {
        case -1:
            warn("fork");
            result = 1;
            break;
        case 0:
            gate(g);
            _exit(0);
        }
    }

    int status;
    pid_t pid;
    while ((pid = wait(&status)) > 0) {
        if (WIFSIGNALED(status))
            warnx("gate (pid %d): %s", (int)pid, strsignal(WTERMSIG(status)));
        if (status != 0)
            result = 1;
    }

    agree();
    dprintf(1, "total %d\n", count[0]);
    munmap(count, size);
    close(file);
    return result;
}
