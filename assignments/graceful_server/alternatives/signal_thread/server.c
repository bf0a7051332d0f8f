/* server: one thread waits for signals with sigwait, the first one serves; what they print is kept apart by a lock. */

#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool ending;
static const char *config;
static char *title;
static int served;
static sigset_t ours, at_start;

static bool load(void)
{
    char *line = NULL;
    size_t size = 0;
    FILE *file = fopen(config, "re");

    if (file == NULL || getline(&line, &size, file) <= 0) {
        fprintf(stderr, "server: no title in %s\n", config);
        if (file != NULL)
            fclose(file);
        free(line);
        return false;
    }
    fclose(file);
    line[strcspn(line, "\n")] = '\0';
    free(title);
    title = line;
    return true;
}

static _Noreturn void say_goodbye(void)
{
    printf("bye: %d\n", served);
    fflush(stdout);
    _exit(0);
}

static void *wait_for_signals(void *unused)
{
    int number;

    while (sigwait(&ours, &number) == 0) {
        if (number == SIGTERM || number == SIGINT)
            ending = true; /* before the lock: so the other thread begins nothing more */
        pthread_mutex_lock(&turn);
        if (ending)
            say_goodbye();
        if (number == SIGUSR1)
            printf("served: %d\n", served);
        else if (load())
            printf("reloaded: %s\n", title);
        fflush(stdout);
        pthread_mutex_unlock(&turn);
    }
    return unused;
}

static void get(const char *name)
{
    FILE *file = fopen(name, "re");
    struct stat status;
    int byte;

    if (file == NULL) {
        printf("%s: %s\n", name, strerror(errno));
        return;
    }
    fstat(fileno(file), &status);
    printf("%s: %ld\n", name, (long)status.st_size);
    while ((byte = getc(file)) != EOF)
        putchar(byte);
    fclose(file);
}

static void run(const char *command)
{
    siginfo_t end;
    pid_t pid = fork();

    if (pid == 0) {
        if (freopen("/dev/null", "r", stdin) == NULL)
            _exit(126);
        pthread_sigmask(SIG_SETMASK, &at_start, NULL);
        execl("/bin/sh", "sh", "-c", command, NULL);
        _exit(126);
    }
    waitid(P_PID, (id_t)pid, &end, WEXITED);
    printf("status: %d\n", end.si_code == CLD_EXITED ? end.si_status : 128 + end.si_status);
}

int main(int argc, char *argv[])
{
    pthread_t thread;
    char *line = NULL;
    size_t size = 0;

    if (argc != 2) {
        fprintf(stderr, "usage: server CONFIG\n");
        return 2;
    }
    config = argv[1];
    if (!load())
        return 1;
    sigemptyset(&ours);
    sigaddset(&ours, SIGTERM);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGHUP);
    sigaddset(&ours, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &ours, &at_start);
    printf("ready: %s\n", title);
    fflush(stdout);
    if (pthread_create(&thread, NULL, wait_for_signals, NULL) != 0)
        return 1;

    while (getline(&line, &size, stdin) > 0) {
        line[strcspn(line, "\n")] = '\0';
        pthread_mutex_lock(&turn);
        if (ending)
            say_goodbye();
        if (strncmp(line, "say ", 4) == 0)
            printf("%s: %s\n", title, line + 4);
        else if (strncmp(line, "get ", 4) == 0)
            get(line + 4);
        else if (strncmp(line, "run ", 4) == 0)
            run(line + 4);
        else
            puts("what?");
        served++;
        fflush(stdout);
        pthread_mutex_unlock(&turn);
    }
    pthread_mutex_lock(&turn);
    say_goodbye();
}
