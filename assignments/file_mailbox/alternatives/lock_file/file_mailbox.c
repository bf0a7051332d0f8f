/*
 * file_mailbox with a lock beside the box: another file, which is there for nothing else. The box itself is
 * opened for each letter and closed after it, with streams, and the postman takes it away as a whole: under
 * the lock he gives it another name, and puts an empty one in its place.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static char *box_name, *lock_name, *bag_name;

static void fail(const char *what)
{
    fprintf(stderr, "file_mailbox: %s: %s\n", what, strerror(errno));
    exit(1);
}

static char *name_with(const char *suffix)
{
    char *name = NULL;

    if (asprintf(&name, "%s.%s", box_name, suffix) == -1)
        fail("asprintf");
    return name;
}

/* Returns the descriptor whose closing is the unlocking. */
static int lock(void)
{
    int descriptor = open(lock_name, O_RDWR);

    if (descriptor == -1 || lockf(descriptor, F_LOCK, 0) == -1)
        fail(lock_name);
    return descriptor;
}

static FILE *open_box(void)
{
    FILE *box = fopen(box_name, "r+");

    if (box == NULL || fseeko(box, 0, SEEK_END) == -1)
        fail(box_name);
    off_t whole = ftello(box) / 32 * 32;
    if (fseeko(box, whole, SEEK_SET) == -1 || ftruncate(fileno(box), whole) == -1)
        fail(box_name);
    return box;
}

static void send(int who, int which)
{
    char byte;
    int held = lock();
    FILE *box = open_box();

    fprintf(box, "from %10d\n", who);
    fflush(box);
    if (read(STDIN_FILENO, &byte, 1) == -1)
        fail("read");
    fprintf(box, "letter %8d\n", which);
    if (fclose(box) != 0)
        fail(box_name);
    close(held);
}

static int deliver(void)
{
    int count = 0, c, held = lock();

    fclose(open_box()); /* without the half letter, if there is one */
    if (rename(box_name, bag_name) == -1)
        fail(bag_name);
    close(open(box_name, O_WRONLY | O_CREAT | O_EXCL, 0600));
    close(held);

    FILE *bag = fopen(bag_name, "r");
    if (bag == NULL)
        fail(bag_name);
    for (; (c = getc(bag)) != EOF; count++)
        putchar(c);
    fclose(bag);
    remove(bag_name);
    fflush(stdout);
    return count / 32;
}

int main(int argc, char *argv[])
{
    int senders, letters, sum = 0, bad = 0;

    if (argc != 4 || (senders = atoi(argv[2])) < 1 || (letters = atoi(argv[3])) < 1) {
        fprintf(stderr, "usage: %s box senders letters\n", argv[0]);
        return 2;
    }

    box_name = argv[1];
    lock_name = name_with("lock");
    bag_name = name_with("bag");
    int box = open(box_name, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (box == -1)
        fail(box_name);
    close(box);
    close(open(lock_name, O_WRONLY | O_CREAT, 0600));

    for (int i = 0; i < senders; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            for (int k = 1; k <= letters; k++)
                send(i, k);
            exit(0);
        }
        if (pid == -1) {
            perror("fork");
            bad = 1;
        }
    }
    for (int status; wait(&status) != -1;) {
        sum += deliver();
        if (status != 0) {
            fprintf(stderr, "file_mailbox: a sender has not sent all its letters\n");
            bad = 1;
        }
    }
    printf("%d letters\n", sum);

    remove(box_name);
    remove(lock_name);
    free(lock_name);
    free(bag_name);
    return bad;
}
