/*
 * Starts a student's program: from clone to exec, contained.
 *
 * In C because a child of Python's fork would first copy the page tables of a large process and then fault its way
 * through an interpreter. Here the child borrows our memory until it executes the program, as vfork(2) has it: the
 * calling thread stands still meanwhile. So the child
 *   - makes its identity calls directly: the library's setresuid would want to tell our other threads;
 *   - must not be held by its own seccomp filter, as nobody could let it go: what the filter may name is done before
 *     the filter is installed, and the one execve after it carries a pass as its fourth argument;
 *   - hands the filter's listener over through a socket, as its descriptor table is its own already.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STACK_BYTES = 64 * 1024, SIGNALS = 64 };

enum { OWN_PID = 0x7fffffff }; /* what stands for it in the filter, see watch_filter.py */

enum { CHANNEL = 3 }; /* the child's only descriptor besides the standard ones */

struct limit {
    int64_t what; /* RLIMIT_... */
    uint64_t soft, hard;
};

/* What to start; kept in step with `Launch` in kernel.py. */
struct launch {
    const char *folder;
    char *const *argv; /* the program is argv[0], a path */
    char *const *environment;
    const struct limit *limits;
    uint64_t limit_count;
    struct sock_filter *filter; /* NULL: unwatched */
    uint64_t filter_length;           /* in instructions */
    uint64_t pass;                    /* the fourth argument of execve that the filter lets through */
    const char *oom_score;
    int32_t standard[3]; /* what becomes descriptors 0, 1, 2 */
    int32_t terminal;    /* whether descriptor 0 becomes the controlling terminal */
    int32_t uid;
    /* The answer: */
    int32_t pid;
    int32_t pidfd;
    int32_t listener; /* -1 if unwatched */
};

/* What the child needs beyond that, and what it says when it fails. */
struct child {
    const struct launch *launch;
    int channel;
    volatile int error;
};

/* The kernel's signal(7) numbers, also the two that the C library keeps for itself; ignored ones survive every exec. */
static void default_dispositions(void)
{
    const struct {
        void *handler;
        unsigned long flags;
        void *restorer;
        uint64_t mask;
    } standard = { 0 };

    for (int number = 1; number <= SIGNALS; number++)
        syscall(SYS_rt_sigaction, number, &standard, NULL, sizeof standard.mask); /* refused for KILL and STOP */
}

static int write_whole(const char *path, const char *text)
{
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return -1;
    ssize_t written = write(file, text, strlen(text));
    close(file);
    return written == (ssize_t)strlen(text) ? 0 : -1;
}

static int set_limits(const struct launch *launch)
{
    for (uint64_t i = 0; i < launch->limit_count; i++) {
        const struct limit *limit = &launch->limits[i];
        struct rlimit value = { .rlim_cur = limit->soft, .rlim_max = limit->hard };
        if (setrlimit((int)limit->what, &value) < 0)
            return -1;
    }
    return 0;
}

static int become_student(const struct launch *launch)
{
    long uid = launch->uid;
    if (syscall(SYS_setgroups, 0, NULL) < 0 || syscall(SYS_setresgid, uid, uid, uid) < 0)
        return -1;
    return (int)syscall(SYS_setresuid, uid, uid, uid);
}

/*
 * Returns the filter's listener. Where the kernel can (5.19 on), a call that the agent has been told of is
 * interrupted by fatal signals only, so that signals do not make the agent see one call twice.
 */
static int install_filter(const struct launch *launch)
{
    for (uint64_t i = 0; i < launch->filter_length; i++) {
        struct sock_filter *instruction = &launch->filter[i];
        if (instruction->code == (BPF_JMP | BPF_JEQ | BPF_K) && instruction->k == OWN_PID)
            instruction->k = (uint32_t)getpid();
    }
    struct sock_fprog program = {
        .len = (unsigned short)launch->filter_length,
        .filter = launch->filter,
    };
    unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
    long listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
                            &program);
    if (listener < 0 && errno == EINVAL)
        listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
    return (int)listener;
}

union control {
    struct cmsghdr header; /* for its alignment */
    char bytes[CMSG_SPACE(sizeof(int))];
};

static int send_descriptor(int channel, int descriptor)
{
    char byte = 0;
    union control control = { 0 };
    struct iovec data = { .iov_base = &byte, .iov_len = 1 };
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
    };
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof descriptor);
    memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    return sendmsg(channel, &message, 0) == 1 ? 0 : -1;
}

static int receive_descriptor(int channel)
{
    char byte;
    union control control;
    struct iovec data = { .iov_base = &byte, .iov_len = 1 };
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
    };
    if (recvmsg(channel, &message, MSG_CMSG_CLOEXEC) != 1 || CMSG_FIRSTHDR(&message) == NULL)
        return -1;
    int descriptor;
    memcpy(&descriptor, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof descriptor);
    return descriptor;
}

/* Everything else goes now: the limit on open files is about numbers, and ours may be above the student's. */
static int keep_descriptors(const struct launch *launch, int channel)
{
    for (int number = 0; number < 3; number++) {
        if (dup2(launch->standard[number], number) < 0)
            return -1;
    }
    if (channel != CHANNEL && dup3(channel, CHANNEL, O_CLOEXEC) < 0)
        return -1;
    return close_range(CHANNEL + 1, ~0U, 0);
}

static int prepare(const struct launch *launch, int channel)
{
    sigset_t none;
    sigemptyset(&none);
    setsid();
    if (keep_descriptors(launch, channel) < 0)
        return -1;
    if (launch->terminal && ioctl(0, TIOCSCTTY, 0) < 0)
        return -1;
    if (setpriority(PRIO_PROCESS, 0, 0) < 0) /* the agent's own is higher */
        return -1;
    if (set_limits(launch) < 0 || write_whole("/proc/self/oom_score_adj", launch->oom_score) < 0)
        return -1;
    if (become_student(launch) < 0 || chdir(launch->folder) < 0)
        return -1;
    umask(022);
    default_dispositions();
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -1;
    return sigprocmask(SIG_SETMASK, &none, NULL);
}

static int become_program(void *argument)
{
    struct child *child = argument;
    const struct launch *launch = child->launch;

    if (prepare(launch, child->channel) == 0) {
        int listener = launch->filter == NULL ? -1 : install_filter(launch);
        if (launch->filter == NULL || (listener >= 0 && send_descriptor(CHANNEL, listener) == 0))
            syscall(SYS_execve, launch->argv[0], launch->argv, launch->environment, launch->pass);
    }
    child->error = errno;
    syscall(SYS_tgkill, getpid(), getpid(), SIGKILL); /* an exit would be held */
    return 0;
}

/* Clones the child; returns when it has executed the program or died. */
static int start(struct launch *launch, struct child *child)
{
    static _Alignas(16) char stack[STACK_BYTES]; /* one is enough: the agent starts one program at a time */
    sigset_t all, before;
    int error = 0;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* the child must run no handler of ours */
    launch->pid = clone(become_program, stack + sizeof stack, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, child,
                        &launch->pidfd);
    if (launch->pid < 0)
        error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error == 0 && child->error != 0) {
        error = child->error;
        waitpid(launch->pid, NULL, 0);
        close(launch->pidfd);
    }
    return error;
}

/*
 * Starts a program; returns 0 when it has been executed, or an error number when nothing was started.
 * See clone(2), seccomp_unotify(2), and unix(7) on SCM_RIGHTS.
 */
int launch_program(struct launch *launch)
{
    int channel[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) < 0)
        return errno;
    struct child child = { .launch = launch, .channel = channel[1] };
    int error = start(launch, &child);
    launch->listener = error == 0 && launch->filter != NULL ? receive_descriptor(channel[0]) : -1;
    close(channel[0]);
    close(channel[1]);
    return error;
}
