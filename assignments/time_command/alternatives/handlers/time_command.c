/*
 * time_command, with handlers that do nothing for SIGINT and SIGQUIT: exec sets them back to what they do by
 * themselves, and waitpid is interrupted by them. Times are those of times(2), except for the memory.
 */

#define _GNU_SOURCE

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/times.h>
#include <sys/wait.h>
#include <unistd.h>

static void nothing(int number)
{
    (void)number;
}

static void catch(int number)
{
    struct sigaction action = {.sa_handler = nothing}, old;

    sigaction(number, NULL, &old);
    if (old.sa_handler == SIG_DFL)
        sigaction(number, &action, NULL);
}

int main(int argc, char *argv[])
{
    struct tms before, after;
    struct rusage usage;
    int raw, code;
    double ticks = (double)sysconf(_SC_CLK_TCK);

    if (argc < 2) {
        fprintf(stderr, "usage: %s COMMAND [ARGUMENT...]\n", argv[0]);
        return 2;
    }
    catch(SIGINT);
    catch(SIGQUIT);
    clock_t start = times(&before);
    pid_t pid = vfork();
    if (pid < 0) {
        perror("vfork");
        return 1;
    }
    if (pid == 0) {
        execvp(argv[1], argv + 1);
        dprintf(2, "%s: %s\n", argv[1], strerror(errno));
        _exit(errno == ENOENT ? 127 : 126);
    }
    do
        code = waitpid(pid, &raw, 0);
    while (code == -1 && errno == EINTR);
    if (code == -1) {
        perror("waitpid");
        return 1;
    }
    clock_t end = times(&after);
    getrusage(RUSAGE_CHILDREN, &usage);

    if (WIFEXITED(raw))
        code = WEXITSTATUS(raw);
    else
        code = WTERMSIG(raw) + 128;
    if (code > 128 && WIFSIGNALED(raw))
        fprintf(stderr, "%s: killed by SIG%s\n", argv[1], sigabbrev_np(code - 128));
    else
        fprintf(stderr, "%s: exited with %d\n", argv[1], code);
    fprintf(stderr, "real %.3f s\n", (double)(end - start) / ticks);
    fprintf(stderr, "user %.3f s\n", (double)(after.tms_cutime - before.tms_cutime) / ticks);
    fprintf(stderr, "sys %.3f s\n", (double)(after.tms_cstime - before.tms_cstime) / ticks);
    fprintf(stderr, "memory %ld KiB\n", usage.ru_maxrss);
    return code;
}
