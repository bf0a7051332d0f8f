/*
 * Asks a process for its timer of real time, the one of alarm(2) and setitimer(2), which nothing in /proc tells: a
 * thread of it that sleeps in a system call is interrupted, made to call getitimer(2), and sent back to sleep.
 *
 * To be used where everything sleeps for good, but perhaps for such a timer: the call that was interrupted is made
 * again, by the kernel, as after SIGSTOP and SIGCONT, or from here if that would have it fail with EINTR, or show it as
 * restart_syscall(2). One that has a time limit would wait for all of that once more; which others can be made again
 * is for the caller to know. See ptrace(2) and signal(7).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#ifdef __x86_64__

enum { CALL_BYTES = 2, BELOW_STACK = 512 }; /* more than the red zone that a function may use below its stack */
enum { RESTART_BY_BLOCK = 516 };            /* ERESTART_RESTARTBLOCK, which only the kernel's headers have */
static const unsigned char CALL[CALL_BYTES] = { 0x0f, 0x05 };

enum stop { STOPPED, SIGNALLED, GONE };

/*
 * Waits until the thread has stopped. SIGNALLED: before a signal, `number`, is delivered to it, and not for us. GONE:
 * it has ended. Its parent is told only when its tracer has taken note; if we are the parent, too, that is left to
 * whoever waits for our children.
 */
static enum stop await_stop(pid_t tid, bool is_child, int *number)
{
    siginfo_t info = { 0 };

    while (waitid(P_PID, (id_t)tid, &info, WSTOPPED | WEXITED | WNOWAIT | __WALL) < 0)
        if (errno != EINTR)
            return GONE;
    if (info.si_code != CLD_TRAPPED) {
        if (!is_child)
            waitid(P_PID, (id_t)tid, &info, WEXITED | WNOHANG | __WALL);
        return GONE;
    }
    while (waitid(P_PID, (id_t)tid, &info, WSTOPPED | WNOHANG | __WALL) < 0)
        if (errno != EINTR)
            return GONE;
    *number = info.si_status & 0x7f; /* an event of ptrace is in the next byte */
    return *number == SIGTRAP ? STOPPED : SIGNALLED;
}

static bool read_memory(pid_t tid, uint64_t address, void *bytes, size_t size)
{
    struct iovec here = { bytes, size }, there = { (void *)(uintptr_t)address, size };
    return process_vm_readv(tid, &here, 1, &there, 1, 0) == (ssize_t)size;
}

static bool write_memory(pid_t tid, uint64_t address, const void *bytes, size_t size)
{
    struct iovec here = { (void *)(uintptr_t)bytes, size }, there = { (void *)(uintptr_t)address, size };
    return process_vm_writev(tid, &here, 1, &there, 1, 0) == (ssize_t)size;
}

/* Has the stopped thread make the call; returns 0 or an error number. `signal` is what it is about to get then. */
static int call_getitimer(pid_t tid, bool is_child, const struct user_regs_struct *asleep, struct itimerval *value,
                          int *signal)
{
    struct user_regs_struct calling = *asleep;
    unsigned char code[CALL_BYTES];
    struct itimerval before;
    uint64_t place = (asleep->rsp - BELOW_STACK) & ~(uint64_t)15;
    int error = 0;

    if (!read_memory(tid, asleep->rip - CALL_BYTES, code, sizeof code) || memcmp(code, CALL, sizeof code) != 0)
        return ENOEXEC;
    if (!read_memory(tid, place, &before, sizeof before))
        return EFAULT;
    calling.rip = asleep->rip - CALL_BYTES;
    calling.rax = SYS_getitimer;
    calling.orig_rax = (unsigned long long)-1; /* it is in no call by now that could be made again */
    calling.rdi = ITIMER_REAL;
    calling.rsi = place;
    if (ptrace(PTRACE_SETREGS, tid, NULL, &calling) < 0 || ptrace(PTRACE_SINGLESTEP, tid, NULL, NULL) < 0)
        return errno;
    enum stop stop = await_stop(tid, is_child, signal);
    if (stop == GONE)
        return ESRCH;
    if (stop == SIGNALLED)
        error = EAGAIN;
    else if (ptrace(PTRACE_GETREGS, tid, NULL, &calling) < 0)
        error = errno;
    else if (calling.rax != 0)
        error = EFAULT;
    else if (!read_memory(tid, place, value, sizeof *value))
        error = EFAULT;
    write_memory(tid, place, &before, sizeof before);
    return error;
}

/*
 * Has the interrupted call made again, if the kernel would not. Those that have done a part of their work would return
 * how much that is: they go on behind it.
 */
static void make_again(struct user_regs_struct *asleep)
{
    long long result = (long long)asleep->rax;

    if (result > 0 && (asleep->orig_rax == SYS_write || asleep->orig_rax == SYS_sendto)) {
        asleep->rsi += (unsigned long long)result;
        asleep->rdx -= (unsigned long long)result;
    } else if (result > 0 && asleep->orig_rax == SYS_sendfile) {
        asleep->r10 -= (unsigned long long)result; /* the offset has been moved on by the kernel */
    } else if (result > 0 && asleep->orig_rax == SYS_recvmmsg) {
        asleep->rsi += (unsigned long long)result * sizeof(struct mmsghdr);
        asleep->rdx -= (unsigned long long)result;
    } else if (result != -EINTR && result != -RESTART_BY_BLOCK) {
        return;
    }
    asleep->rip -= CALL_BYTES;
    asleep->rax = asleep->orig_rax;
    asleep->orig_rax = (unsigned long long)-1;
}

/*
 * Fills in `value`, all zeros if the timer is not armed; `tid` is a thread of the process that sleeps in a system call
 * and could be interrupted, `is_child` whether it is a child of ours. Returns 0 or an error number.
 */
int real_timer(pid_t tid, int is_child, struct itimerval *value)
{
    struct user_regs_struct asleep;
    int signal = 0;

    if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) < 0)
        return errno;
    if (ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) < 0)
        return errno;
    enum stop stop = await_stop(tid, is_child != 0, &signal);
    if (stop == GONE)
        return ESRCH;
    int error = stop == SIGNALLED ? EAGAIN : 0;
    if (error == 0 && ptrace(PTRACE_GETREGS, tid, NULL, &asleep) < 0)
        error = errno;
    if (error == 0 && (long long)asleep.orig_rax < 0)
        error = EAGAIN; /* in no call */
    if (error == 0) {
        error = call_getitimer(tid, is_child != 0, &asleep, value, &signal);
        if (error == ESRCH)
            return error;
        if (error != ENOEXEC && signal == SIGTRAP)
            make_again(&asleep);
        ptrace(PTRACE_SETREGS, tid, NULL, &asleep);
    }
    /* A signal that came meanwhile is delivered now; SIGTRAP was for us. */
    ptrace(PTRACE_DETACH, tid, NULL, (void *)(intptr_t)(signal == SIGTRAP ? 0 : signal));
    return error;
}

#else

int real_timer(pid_t tid, int is_child, struct itimerval *value)
{
    (void)tid;
    (void)is_child;
    (void)value;
    return ENOSYS;
}

#endif
