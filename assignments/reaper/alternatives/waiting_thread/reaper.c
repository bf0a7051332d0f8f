/* reaper with two threads, each of which may block as long as it likes: one waits for children, one for lines. */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int running;
static bool failed;

static void *wait_for_children(void *unused)
{
    int status;
    pid_t pid;

    while ((pid = wait(&status)) != -1 || errno == EINTR) {
        if (pid == -1)
            continue;
        pthread_mutex_lock(&lock);
        running--;
        failed |= status != 0;
        if (WIFSIGNALED(status))
            printf("pid %d: killed by SIG%s\n", pid, sigabbrev_np(WTERMSIG(status)));
        else
            printf("pid %d: exited with %d\n", pid, WEXITSTATUS(status));
        fflush(stdout);
        pthread_mutex_unlock(&lock);
    }
    exit(failed); /* no child is left, whatever the other thread is waiting for */
    return unused;
}

static void answer_lines(void)
{
    char byte;
    ssize_t n;

    while ((n = read(STDIN_FILENO, &byte, 1)) == 1 || (n == -1 && errno == EINTR)) {
        if (n != 1 || byte != '\n')
            continue;
        pthread_mutex_lock(&lock);
        printf("running: %d\n", running);
        fflush(stdout);
        pthread_mutex_unlock(&lock);
    }
}

static bool start(char **argv)
{
    fflush(stdout);
    pid_t pid = fork();

    if (pid == -1) {
        perror("reaper: fork");
        return false;
    }
    if (pid == 0) {
        int null = open("/dev/null", O_RDONLY);
        dup2(null, STDIN_FILENO);
        close(null);
        execvp(argv[0], argv);
        int error = errno;
        fprintf(stderr, "reaper: %s: %s\n", argv[0], strerror(error));
        _exit(error == ENOENT ? 127 : 126);
    }
    printf("pid %d: started %s\n", pid, argv[0]);
    fflush(stdout);
    running++;
    return true;
}

/* Returns where the next command begins, NULL after the last; what is before it becomes an argument vector. */
static char **next(char **words)
{
    while (*words != NULL && strcmp(*words, "--") != 0)
        words++;
    if (*words == NULL)
        return NULL;
    *words = NULL;
    return words + 1;
}

int main(int argc, char **argv)
{
    for (int i = 1; i <= argc; i++) {
        bool ends = argv[i] == NULL || strcmp(argv[i], "--") == 0;
        if (ends && (i == 1 || argv[i - 1] == NULL || strcmp(argv[i - 1], "--") == 0)) {
            fprintf(stderr, "usage: %s COMMAND [ARGUMENT...] [-- COMMAND [ARGUMENT...]]...\n", argv[0]);
            return 2;
        }
    }

    for (char **command = argv + 1; command != NULL && !failed;) {
        char **following = next(command);
        failed = !start(command);
        command = following;
    }

    pthread_t waiter;
    if (pthread_create(&waiter, NULL, wait_for_children, NULL) != 0)
        wait_for_children(NULL);
    answer_lines();
    pthread_join(waiter, NULL);
    return 1;
}
