/* What the small programs of the tests need, so that each shows only what it is about. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <mqueue.h>
#include <semaphore.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { BROKEN = 99 };

/* The result of a call that must not fail: if it does, the program is no longer what its test is about. */
static inline int must(int result)
{
    if (result < 0) {
        perror("must");
        _exit(BROKEN);
    }
    return result;
}

/* Prints a line and sees to it that it is out. */
static inline void say(const char *line)
{
    puts(line);
    fflush(stdout);
}

/* Waits until a child has ended, and leaves it a zombie. */
static inline void await_end_of(pid_t child)
{
    siginfo_t info;
    must(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT));
}

/* Waits for all children. */
static inline void wait_for_all(void)
{
    while (wait(NULL) > 0)
        ;
}
