/* file_mailbox - letters from several senders, collected in a file and delivered by a postman */

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int box;

static void get(void)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    struct stat s;

    while (fcntl(box, F_SETLKW, &whole) == -1)
        if (errno != EINTR)
            err(1, "F_SETLKW");
    if (fstat(box, &s) == -1)
        err(1, "fstat");
    if (s.st_size & 31) {
        if (ftruncate(box, s.st_size & ~(off_t)31) == -1)
            err(1, "ftruncate");
    }
}

static void let_go(void)
{
    struct flock whole = {.l_type = F_UNLCK, .l_whence = SEEK_SET};

    if (fcntl(box, F_SETLKW, &whole) == -1)
        err(1, "F_UNLCK");
}

static void put(const char *text)
{
    if (write(box, text, 16) != 16)
        err(1, "write");
}

static void sender(int number, int letters)
{
    char head[32], tail[32], byte;

    sprintf(head, "from %10d\n", number);
    for (int i = 1; i <= letters; i++) {
        sprintf(tail, "letter %8d\n", i);
        get();
        put(head);
        while (read(0, &byte, 1) == -1 && errno == EINTR)
            ;
        put(tail);
        let_go();
    }
}

static int postman(void)
{
    char letter[32];
    int count = 0;

    get();
    while (read(box, letter, sizeof letter) == (ssize_t)sizeof letter) {
        fwrite(letter, sizeof letter, 1, stdout);
        count++;
    }
    fflush(stdout);
    if (ftruncate(box, 0) == -1)
        err(1, "ftruncate");
    let_go();
    return count;
}

int main(int argc, char **argv)
{
    int n = argc == 4 ? atoi(argv[2]) : 0;
    int r = argc == 4 ? atoi(argv[3]) : 0;
    int running = 0, sum = 0, result = 0, status;

    if (n < 1 || n > 20 || r < 1 || r > 1000)
        errx(2, "usage: file_mailbox BOX N R");
    box = open(argv[1], O_RDWR | O_CREAT | O_EXCL | O_APPEND, 0644);
    if (box < 0)
        err(1, "%s", argv[1]);

    for (int i = 0; i < n; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            sender(i, r);
            _exit(0);
        }
        if (pid < 0) {
            warn("fork");
            result = 1;
        } else {
            running++;
        }
    }
    for (; running > 0; running--) {
        pid_t pid = wait(&status);
        if (status != 0) {
            warnx("sender with pid %d: %s", (int)pid, WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "failed");
            result = 1;
        }
        sum += postman();
    }
    printf("%d letters\n", sum);
    if (unlink(argv[1]) == -1 || close(box) == -1)
        err(1, "%s", argv[1]);
    return result;
}
