/*
 * time_command, with posix_spawnp, which tells the parent when a command cannot be executed, waitid, and
 * getrusage for the children that have been waited for. A second thread does the waiting.
 */

#define _GNU_SOURCE

#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>

extern char **environ;

static pid_t pid;

static void *wait_for_end(void *info)
{
    while (waitid(P_PID, (id_t)pid, info, WEXITED) == -1)
        if (errno != EINTR)
            err(1, "waitid");
    return NULL;
}

int main(int argc, char *argv[])
{
    struct timeval start, end, real;
    struct rusage used;
    siginfo_t info = {.si_code = CLD_EXITED};
    posix_spawnattr_t attributes;
    sigset_t keys, mask;

    (void)argc;
    if (argv[1] == NULL)
        errx(2, "which command?");

    sigemptyset(&keys);
    sigaddset(&keys, SIGINT);
    sigaddset(&keys, SIGQUIT);
    pthread_sigmask(SIG_BLOCK, &keys, &mask); /* they stay pending, and nobody ever looks at them */
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigmask(&attributes, &mask);

    gettimeofday(&start, NULL);
    int error = posix_spawnp(&pid, argv[1], NULL, &attributes, argv + 1, environ);
    errno = error;
    if (error == EAGAIN || error == ENOMEM)
        err(1, "posix_spawnp");
    if (error != 0) {
        warn("%s", argv[1]);
        info.si_status = error == ENOENT ? 127 : 126;
    } else {
        pthread_t waiter;
        if ((errno = pthread_create(&waiter, NULL, wait_for_end, &info)) != 0)
            err(1, "pthread_create");
        pthread_join(waiter, NULL);
    }
    gettimeofday(&end, NULL);
    timersub(&end, &start, &real);
    getrusage(RUSAGE_CHILDREN, &used);

    if (info.si_code == CLD_EXITED)
        fprintf(stderr, "%s: exited with %d\n", argv[1], info.si_status);
    else
        fprintf(stderr, "%s: killed by SIG%s\n", argv[1], sigabbrev_np(info.si_status));
    fprintf(stderr, "real %ld.%03ld s\nuser %ld.%03ld s\nsys %ld.%03ld s\nmemory %ld KiB\n", (long)real.tv_sec,
            (long)real.tv_usec / 1000, (long)used.ru_utime.tv_sec, (long)used.ru_utime.tv_usec / 1000,
            (long)used.ru_stime.tv_sec, (long)used.ru_stime.tv_usec / 1000, used.ru_maxrss);
    posix_spawnattr_destroy(&attributes);
    return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}
