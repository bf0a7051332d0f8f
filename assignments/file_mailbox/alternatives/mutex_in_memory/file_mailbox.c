/*
 * file_mailbox whose lock is no file lock at all: a robust mutex in memory that the processes share. The
 * shared memory also knows how long the box is; what lies beyond was written by somebody who has died.
 */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct state {
    pthread_mutex_t mutex;
    off_t end;
};

static struct state *state;
static int box;

#define CHECK(call)         \
    do {                    \
        if ((call) == -1) { \
            perror(#call);  \
            exit(1);        \
        }                   \
    } while (0)

static void enter(void)
{
    if (pthread_mutex_lock(&state->mutex) == EOWNERDEAD)
        pthread_mutex_consistent(&state->mutex); /* `end` is where it was */
}

static void leave(void)
{
    pthread_mutex_unlock(&state->mutex);
}

static int work(int me, int letters)
{
    char text[64], byte;

    for (int i = 1; i <= letters; i++) {
        enter();
        CHECK(pwrite(box, text, (size_t)sprintf(text, "from %10d\n", me), state->end));
        CHECK(read(STDIN_FILENO, &byte, 1));
        CHECK(pwrite(box, text, (size_t)sprintf(text, "letter %8d\n", i), state->end + 16));
        state->end += 32;
        leave();
    }
    return 0;
}

static long deliver(void)
{
    enter();
    off_t done = 0;
    while (done < state->end) {
        char bytes[8192];
        size_t wanted = state->end - done < 8192 ? (size_t)(state->end - done) : 8192;
        ssize_t count = pread(box, bytes, wanted, done);
        CHECK(count);
        CHECK(write(STDOUT_FILENO, bytes, (size_t)count));
        done += count;
    }
    state->end = 0;
    CHECK(ftruncate(box, 0));
    leave();
    return done / 32;
}

int main(int argc, char *argv[])
{
    long sum = 0;
    int n = argc == 4 ? atoi(argv[2]) : 0;
    int r = argc == 4 ? atoi(argv[3]) : 0;
    if (n <= 0 || r <= 0) {
        fputs("usage: file_mailbox BOX N R\n", stderr);
        return 2;
    }

    CHECK(box = open(argv[1], O_RDWR | O_CREAT | O_EXCL, S_IRUSR | S_IWUSR));
    state = mmap(NULL, sizeof *state, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (state == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&state->mutex, &attributes);

    int worst = 0, started = 0;
    for (int i = 0; i < n; i++) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(work(i, r));
        if (pid == -1) {
            perror("fork");
            worst = 1;
        } else {
            started++;
        }
    }

    for (int i = 0; i < started; i++) {
        siginfo_t info;
        CHECK(waitid(P_ALL, 0, &info, WEXITED));
        if (info.si_code != CLD_EXITED || info.si_status != 0) {
            psiginfo(&info, "a sender");
            worst = 1;
        }
        sum += deliver();
    }
    printf("%ld letters\n", sum);
    close(box);
    CHECK(unlink(argv[1]));
    return worst;
}
