/*
 * The postman is the lock: a sender asks him for the box over a socket, waits for his answer, and tells him when it has
 * finished. When a socket is at its end, its sender has ended, wherever it was.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
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

    NOBODY = -1,
    GONE = -1, /* poll(2) passes over a negative descriptor */
};

struct sender {
    pid_t pid;
    int socket;
    bool wants_box;
};

static _Noreturn void die(const char *what)
{
    perror(what);
    exit(FAILED);
}

static void write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t count = write(fd, bytes, size);

        if (count == -1 && errno != EINTR)
            die("file_mailbox: write");
        if (count > 0) {
            bytes += count;
            size -= (size_t)count;
        }
    }
}

/* Waits for a byte. Returns whether there was one. */
static bool take_byte(int fd)
{
    char byte;
    ssize_t count;

    while ((count = read(fd, &byte, 1)) == -1 && errno == EINTR)
        continue;
    return count == 1;
}

static void put_half(int box, const char *format, int number)
{
    char line[LETTER];

    snprintf(line, sizeof line, format, number);
    write_all(box, line, HALF);
}

/* The sender's part. One byte to the postman asks for the box, the next gives it back; in between there is one from him. */
static void send_letters(int box, int postman, int sender, int letters)
{
    for (int letter = 1; letter <= letters; letter++) {
        write_all(postman, "?", 1);
        if (!take_byte(postman))
            die("file_mailbox: the postman has gone");
        put_half(box, "from %10d\n", sender);
        take_byte(STDIN_FILENO);
        put_half(box, "letter %8d\n", letter);
        write_all(postman, "!", 1);
    }
}

/* Delivers the whole letters in the box and leaves it empty; returns how many they are. */
static int deliver(int box)
{
    char letter[LETTER];
    int count = 0;

    while (pread(box, letter, LETTER, (off_t)count * LETTER) == LETTER) {
        write_all(STDOUT_FILENO, letter, LETTER);
        count++;
    }
    if (ftruncate(box, 0) == -1)
        die("file_mailbox: ftruncate");
    return count;
}

/* Cuts off what a sender that has died has left. */
static void discard_half_letter(int box)
{
    struct stat status;

    if (fstat(box, &status) == -1 || ftruncate(box, status.st_size - status.st_size % LETTER) == -1)
        die("file_mailbox: the box");
}

static bool start_sender(struct sender senders[], int number, int box, int letters)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == -1)
        die("file_mailbox: socketpair");
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        for (int i = 0; i < number; i++)
            close(senders[i].socket);
        close(ends[0]);
        send_letters(box, ends[1], number, letters);
        close(ends[1]);
        close(box);
        exit(EXIT_SUCCESS);
    }
    close(ends[1]);
    if (pid == -1) {
        perror("file_mailbox: fork");
        close(ends[0]);
        return false;
    }
    senders[number] = (struct sender){.pid = pid, .socket = ends[0]};
    return true;
}

static bool ended_well(struct sender *sender)
{
    int status;

    close(sender->socket);
    sender->socket = GONE;
    while (waitpid(sender->pid, &status, 0) == -1)
        if (errno != EINTR)
            die("file_mailbox: waitpid");
    if (WIFSIGNALED(status))
        fprintf(stderr, "file_mailbox: sender %d was killed by signal %d\n", (int)sender->pid, WTERMSIG(status));
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}

/* The postman's part. Returns whether all was well. */
static bool serve(struct sender senders[], int count, int box, int *delivered)
{
    int owner = NOBODY, left = count;
    bool all_well = true, has_to_deliver = false;

    while (left > 0 || has_to_deliver) {
        struct pollfd fds[MAX_SENDERS];

        if (owner == NOBODY && has_to_deliver) {
            *delivered += deliver(box);
            has_to_deliver = false;
            continue;
        }
        for (int i = 0; i < count && owner == NOBODY; i++) {
            if (senders[i].wants_box && write(senders[i].socket, ".", 1) == 1) {
                owner = i;
                senders[i].wants_box = false;
            }
        }
        for (int i = 0; i < count; i++)
            fds[i] = (struct pollfd){.fd = senders[i].socket, .events = POLLIN};
        if (poll(fds, (nfds_t)count, -1) == -1)
            continue;
        for (int i = 0; i < count; i++) {
            if (fds[i].revents == 0)
                continue;
            if (take_byte(senders[i].socket)) {
                if (owner == i)
                    owner = NOBODY;
                else
                    senders[i].wants_box = true;
                continue;
            }
            senders[i].wants_box = false;
            all_well = ended_well(&senders[i]) && all_well;
            if (owner == i) {
                owner = NOBODY;
                discard_half_letter(box);
            }
            has_to_deliver = true;
            left--;
        }
    }
    return all_well;
}

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
    struct sender senders[MAX_SENDERS];
    int count, letters, started = 0, delivered = 0;

    if (argc != 4 || !parse(argv[2], MAX_SENDERS, &count) || !parse(argv[3], MAX_LETTERS, &letters)) {
        fprintf(stderr, "usage: file_mailbox BOX N R, with N from 1 to %d and R from 1 to %d\n", MAX_SENDERS,
                MAX_LETTERS);
        return USAGE_ERROR;
    }

    int box = open(argv[1], O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    if (box == -1)
        die(argv[1]);
    signal(SIGPIPE, SIG_IGN); /* a sender can die before it gets our answer */
    while (started < count && start_sender(senders, started, box, letters))
        started++;

    bool all_well = serve(senders, started, box, &delivered) && started == count;
    printf("%d letters\n", delivered);
    close(box);
    if (unlink(argv[1]) == -1)
        die(argv[1]);
    return all_well ? EXIT_SUCCESS : FAILED;
}
