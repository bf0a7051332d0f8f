/*
 * orphanage that sits in waitpid(-1), and lets a signal handler do the one thing that has to be done meanwhile. The
 * daemon sends its pid itself, and closes its descriptors one by one. The error of a failed exec comes as text.
 */
#define _GNU_SOURCE

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX 512

static volatile sig_atomic_t pids[MAX];
static volatile sig_atomic_t known;

static void pass_on(int number)
{
    int saved = errno;

    (void)number;
    for (int i = 0; i < known; i++) {
        if (pids[i] > 0)
            kill(pids[i], SIGTERM);
    }
    errno = saved;
}

static void close_all_but(int kept)
{
    int numbers[4096], count = 0;
    DIR *directory = opendir("/proc/self/fd");
    struct dirent *entry;

    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        int number = atoi(entry->d_name);
        if (number > 2 && number != kept && number != dirfd(directory) && count < 4096)
            numbers[count++] = number;
    }
    if (directory != NULL)
        closedir(directory);
    while (count > 0)
        close(numbers[--count]);
}

static void daemonize(char **argv, FILE *home)
{
    sigset_t empty;

    fprintf(home, "%d ", (int)getpid());
    fflush(home);
    for (int i = 1; i < 32; i++)
        signal(i, SIG_DFL);
    sigemptyset(&empty);
    sigprocmask(SIG_SETMASK, &empty, NULL);
    close_all_but(fileno(home));
    umask(0);
    int null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    dup2(null, 1);
    dup2(null, 2);
    close(null);
    if (chdir("/") == 0)
        execvp(argv[0], argv);
    fprintf(home, "%s", strerror(errno));
    fflush(home);
    _exit(1);
}

static int start(char **argv)
{
    int ends[2];

    if (pipe(ends) == -1) {
        fprintf(stderr, "orphanage: %s: %m\n", argv[0]);
        return 1;
    }
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);

    pid_t middle = fork();
    if (middle == -1) {
        fprintf(stderr, "orphanage: %s: %m\n", argv[0]);
        close(ends[0]);
        close(ends[1]);
        return 1;
    }
    if (middle == 0) {
        FILE *home = fdopen(ends[1], "w");
        setsid();
        switch (fork()) {
        case -1:
            fprintf(home, "0 %s", strerror(errno));
            fflush(home);
            break;
        case 0:
            daemonize(argv, home);
        }
        _exit(0);
    }
    close(ends[1]);

    FILE *news = fdopen(ends[0], "r");
    int pid = 0;
    char reason[200] = "";
    waitpid(middle, NULL, 0);
    if (fscanf(news, "%d ", &pid) == 1 && fgets(reason, sizeof reason, news) == NULL)
        reason[0] = '\0';
    fclose(news);

    if (reason[0] != '\0') {
        fprintf(stderr, "orphanage: %s: %s\n", argv[0], reason);
        if (pid > 0)
            waitpid(pid, NULL, 0);
        return 1;
    }
    printf("%d: started %s\n", pid, argv[0]);
    pids[known] = pid;
    known++;
    return 0;
}

int main(int argc, char *argv[])
{
    sigset_t stop, before;
    int failures = 0;

    setlinebuf(stdout);
    for (int i = 0, previous = 1; i <= argc; i++) {
        int bar = i == 0 || i == argc || strcmp(argv[i], "--") == 0;
        if (bar && previous && i > 0) {
            fprintf(stderr, "usage: %s COMMAND [ARGUMENT...] [-- COMMAND [ARGUMENT...]]...\n", argv[0]);
            return 2;
        }
        previous = bar;
    }

    prctl(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L);
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    sigprocmask(SIG_BLOCK, &stop, &before);
    signal(SIGTERM, pass_on);
    signal(SIGINT, pass_on);

    char **word = argv + 1;
    while (*word != NULL) {
        char **end = word;
        while (*end != NULL && strcmp(*end, "--") != 0)
            end++;
        char *separator = *end;
        *end = NULL;
        failures += start(word);
        word = separator != NULL ? end + 1 : end;
    }
    sigprocmask(SIG_SETMASK, &before, NULL);

    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, 0)) != -1 || errno == EINTR) {
        const char *what = "stray, ";

        if (pid == -1)
            continue;
        for (int i = 0; i < known; i++) {
            if (pids[i] == pid) {
                pids[i] = 0;
                what = "";
            }
        }
        if (WIFSIGNALED(status))
            printf("%d: %skilled by SIG%s\n", pid, what, sigabbrev_np(WTERMSIG(status)));
        else
            printf("%d: %sexited with %d\n", pid, what, WEXITSTATUS(status));
    }
    return failures > 0;
}
