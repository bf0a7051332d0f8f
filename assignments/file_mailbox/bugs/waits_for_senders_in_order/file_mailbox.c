/*
 * file_mailbox - letters from several senders, collected in a file and delivered by a postman
 *
 *     ./file_mailbox BOX N R
 *
 * N senders, each a child process, put R letters each into the file BOX. Whenever one of them has ended,
 * the postman (the program itself) empties the box to standard output. Exit status: 0 when all letters
 * are delivered, 1 if something went wrong, 2 for a usage error.
 *
 * Whoever writes to the box or empties it holds its lock. The lock is that of flock(2), which belongs to
 * an open file description: so everybody opens the box for himself. A descriptor inherited over fork
 * would be the same description, with the same offset, and its lock would keep nobody out.
 *
 * When nobody holds the lock, the box has whole letters only, but for one thing: a sender that dies leaves
 * half a letter, and the kernel gives its lock to the next one. So everybody who gets it looks first.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    HALF = 16, /* bytes: every letter has two lines of that length */
    LETTER = 2 * HALF,

    MAX_SENDERS = 20,
    MAX_LETTERS = 1000,

    FAILED = 1,
    USAGE_ERROR = 2,
};

static _Noreturn void die(const char *what)
{
    perror(what);
    exit(FAILED);
}

static void write_all(int fd, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t written = write(fd, bytes, count);

        if (written == -1) {
            if (errno == EINTR)
                continue;
            die("file_mailbox: write");
        }
        bytes += written;
        count -= (size_t)written;
    }
}

/* Waits until the host lets one sender go on (one byte) or has no more to say (the end of the input). */
static void wait_for_host(void)
{
    char byte;

    while (read(STDIN_FILENO, &byte, 1) == -1 && errno == EINTR)
        continue;
}

/* Cuts off the half letter of a sender that has died. */
static void discard_half_letter(int box)
{
    struct stat status;

    if (fstat(box, &status) == -1)
        die("file_mailbox: fstat");
    if (status.st_size % LETTER != 0 && ftruncate(box, status.st_size - status.st_size % LETTER) == -1)
        die("file_mailbox: ftruncate");
}

/* Sleeps until the box is ours, and sees to it that it holds whole letters only. */
static void lock(int box)
{
    while (flock(box, LOCK_EX) == -1)
        if (errno != EINTR)
            die("file_mailbox: flock");
    discard_half_letter(box);
}

static void unlock(int box)
{
    if (flock(box, LOCK_UN) == -1)
        die("file_mailbox: flock");
}

/* Appends half a letter, a line of 16 bytes. */
static void put_half(int box, const char *format, int number)
{
    char line[LETTER];

    snprintf(line, sizeof line, format, number);
    write_all(box, line, HALF);
}

static void send_letters(const char *name, int sender, int letters)
{
    /* O_APPEND: every write goes to the end, wherever that is since the postman came */
    int box = open(name, O_WRONLY | O_APPEND | O_CLOEXEC);

    if (box == -1)
        die(name);
    for (int letter = 1; letter <= letters; letter++) {
        lock(box);
        put_half(box, "from %10d\n", sender);
        wait_for_host();
        put_half(box, "letter %8d\n", letter);
        unlock(box);
    }
    close(box);
}

/* Delivers all that is in the box and leaves it empty, under one lock: nothing can come in between. */
static int empty(int box)
{
    char bytes[4096];
    ssize_t count;
    long total = 0;

    lock(box);
    if (lseek(box, 0, SEEK_SET) == -1)
        die("file_mailbox: lseek");
    while ((count = read(box, bytes, sizeof bytes)) != 0) {
        if (count == -1) {
            if (errno == EINTR)
                continue;
            die("file_mailbox: read");
        }
        write_all(STDOUT_FILENO, bytes, (size_t)count);
        total += count;
    }
    if (ftruncate(box, 0) == -1)
        die("file_mailbox: ftruncate");
    unlock(box);
    return (int)(total / LETTER);
}

/* Starts the senders and notes their pids; returns how many, which is less than `senders` if a fork failed. */
static int start_senders(int box, const char *name, int senders, int letters, pid_t pids[])
{
    for (int sender = 0; sender < senders; sender++) {
        pid_t pid = fork();

        if (pid == -1) {
            perror("file_mailbox: fork");
            return sender;
        }
        if (pid == 0) {
            close(box); /* the postman's; a sender has its own */
            send_letters(name, sender, letters);
            exit(EXIT_SUCCESS);
        }
        pids[sender] = pid;
    }
    return senders;
}

/* Waits until this sender has ended; returns whether all was well with it. */
static bool wait_for_sender(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) == -1)
        if (errno != EINTR)
            die("file_mailbox: waitpid");
    if (WIFSIGNALED(status))
        fprintf(stderr, "file_mailbox: sender %d was killed by signal %d\n", (int)pid, WTERMSIG(status));
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}

/* Reads a whole number from 1 to `most`. */
static bool parse(const char *text, int most, int *number)
{
    char *end;

    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < 1 || value > most)
        return false;
    *number = (int)value;
    return true;
}

int main(int argc, char *argv[])
{
    int senders, letters, delivered = 0;
    pid_t pids[MAX_SENDERS];

    if (argc != 4 || !parse(argv[2], MAX_SENDERS, &senders) || !parse(argv[3], MAX_LETTERS, &letters)) {
        fprintf(stderr, "usage: file_mailbox BOX N R, with N from 1 to %d and R from 1 to %d\n", MAX_SENDERS,
                MAX_LETTERS);
        return USAGE_ERROR;
    }

    /* O_EXCL: whether there is such a file and making it are one step. Somebody's file is not our box. */
    const char *name = argv[1];
    int box = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (box == -1)
        die(name);

    int started = start_senders(box, name, senders, letters, pids);
    bool all_well = started == senders;
    for (int ended = 0; ended < started; ended++) {
        if (!wait_for_sender(pids[ended]))
            all_well = false;
        delivered += empty(box);
    }
    printf("%d letters\n", delivered);

    close(box);
    if (unlink(name) == -1)
        die(name);
    return all_well ? EXIT_SUCCESS : FAILED;
}
