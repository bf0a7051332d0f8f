/*
 * orphanage with two threads, one that waits for signals and one that waits for children. It lives in the root folder
 * itself, and its middle process uses vfork: that returns only when exec has succeeded or failed.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct entry {
    pid_t pid;
    struct entry *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct entry *entries;
static sigset_t stop;

static void *forward(void *unused)
{
    int number;

    while (sigwait(&stop, &number) == 0) {
        pthread_mutex_lock(&lock);
        for (struct entry *entry = entries; entry != NULL; entry = entry->next)
            kill(entry->pid, SIGTERM);
        pthread_mutex_unlock(&lock);
    }
    return unused;
}

static void middle(char **argv, int socket)
{
    volatile int error = 0;
    struct sigaction usual = {.sa_handler = SIG_DFL};
    sigset_t none;

    setsid();
    for (int i = 0; i < 3; i++) {
        close(i);
        open("/dev/null", O_RDWR);
    }
    for (int fd = 3; fd < (int)sysconf(_SC_OPEN_MAX); fd++) {
        if (fd != socket)
            close(fd);
    }
    for (int i = 1; i <= SIGRTMAX; i++)
        sigaction(i, &usual, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    umask(0);

    pid_t pid = vfork();
    if (pid == 0) {
        execvp(argv[0], argv);
        error = errno;
        _exit(1);
    }
    if (pid == -1)
        error = errno;
    else if (error != 0)
        waitpid(pid, NULL, 0);

    int answer[2] = {error == 0 ? pid : 0, error};
    send(socket, answer, sizeof answer, 0);
    _exit(0);
}

static int start(char **argv)
{
    int sockets[2], answer[2] = {0, ECHILD};

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) == -1)
        abort();
    pid_t pid = fork();
    if (pid == 0)
        middle(argv, sockets[1]);
    if (pid == -1) {
        answer[1] = errno;
    } else {
        recv(sockets[0], answer, sizeof answer, 0);
        waitpid(pid, NULL, 0);
    }
    close(sockets[0]);
    close(sockets[1]);

    if (answer[1] != 0) {
        fprintf(stderr, "orphanage: %s: %s\n", argv[0], strerror(answer[1]));
        return 0;
    }
    struct entry *entry = malloc(sizeof *entry);
    *entry = (struct entry){.pid = answer[0], .next = entries};
    entries = entry;
    dprintf(STDOUT_FILENO, "%d: started %s\n", answer[0], argv[0]);
    return 1;
}

static int forget(pid_t pid)
{
    for (struct entry **place = &entries; *place != NULL; place = &(*place)->next) {
        if ((*place)->pid == pid) {
            struct entry *found = *place;
            *place = found->next;
            free(found);
            return 1;
        }
    }
    return 0;
}

int main(int argc, char *argv[])
{
    siginfo_t info;
    pthread_t thread;
    int good = 1, words = 0;

    for (int i = 1; i <= argc; i++) {
        if (i < argc && strcmp(argv[i], "--") != 0) {
            words++;
        } else if (words == 0) {
            dprintf(STDERR_FILENO, "orphanage: which command?\n");
            return 2;
        } else {
            words = 0;
        }
    }
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    pthread_sigmask(SIG_BLOCK, &stop, NULL);
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) == -1 || chdir("/") == -1)
        return 1;

    for (int i = 1, first = 1; i <= argc; i++) {
        if (i == argc || strcmp(argv[i], "--") == 0) {
            argv[i] = NULL;
            good &= start(argv + first);
            first = i + 1;
        }
    }
    if (pthread_create(&thread, NULL, forward, NULL) != 0)
        return 1;

    while (waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) == 0) {
        pthread_mutex_lock(&lock); /* nobody is signalled between being reaped and being forgotten */
        waitpid(info.si_pid, NULL, 0);
        const char *what = forget(info.si_pid) ? "" : "stray, ";
        pthread_mutex_unlock(&lock);
        if (info.si_code == CLD_EXITED)
            dprintf(STDOUT_FILENO, "%d: %sexited with %d\n", info.si_pid, what, info.si_status);
        else
            dprintf(STDOUT_FILENO, "%d: %skilled by SIG%s\n", info.si_pid, what, sigabbrev_np(info.si_status));
    }
    return good ? 0 : 1;
}
