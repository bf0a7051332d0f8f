/*
 * file_mailbox - letters from several senders, collected in a file and delivered by a postman
 *
 *     ./file_mailbox BOX N R
 *
 * The words of the command line are already read, and how to wait for the host is done, too. What is
 * left for you is marked TODO.
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

/* Waits until the host lets one sender go on (one byte) or has no more to say (the end of the input). */
static void wait_for_host(void)
{
    char byte;

    while (read(STDIN_FILENO, &byte, 1) == -1 && errno == EINTR)
        continue;
}

/* Appends half a letter, a line of 16 bytes. */
static void put_half(int box, const char *format, int number)
{
    char line[LETTER];

    snprintf(line, sizeof line, format, number);
    if (write(box, line, HALF) != HALF)
        die("file_mailbox: write");
}

/* All letters of one sender. */
static void send_letters(int box, int sender, int letters)
{
    for (int letter = 1; letter <= letters; letter++) {
        /* TODO: one sender at a time. And if the one that was here before has died in the middle of a letter? */
        put_half(box, "from %10d\n", sender);
        wait_for_host();
        put_half(box, "letter %8d\n", letter);
    }
}

/* Delivers all that is in the box and leaves it empty; returns the number of letters. */
static int empty(int box)
{
    /* TODO: from where does read(2) read, if a sender writes through the same open file? */
    (void)box;
    return 0;
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
    int senders, letters;

    if (argc != 4 || !parse(argv[2], MAX_SENDERS, &senders) || !parse(argv[3], MAX_LETTERS, &letters)) {
        fprintf(stderr, "usage: file_mailbox BOX N R, with N from 1 to %d and R from 1 to %d\n", MAX_SENDERS,
                MAX_LETTERS);
        return USAGE_ERROR;
    }

    /* TODO: which flags? (man 2 open) */
    int box = open(argv[1], O_RDWR | O_CREAT, 0600);
    if (box == -1)
        die(argv[1]);

    /* TODO: a process for every sender, all at work at the same time. When does the postman come? */
    send_letters(box, 0, letters);
    printf("%d letters\n", empty(box));
    return EXIT_SUCCESS;
}
