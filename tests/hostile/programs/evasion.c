/* Attacks on the detectors: each does what is asked for, and hides what it leaves. Those that are called `legitimate`
   leave nothing. */
#define FILES_HANDED_IN 3
#include "hostile.h"
#include <linux/close_range.h>
#include <linux/sched.h>

static int leak(void)
{
    return must(open("/etc/passwd", O_RDONLY));
}

static void become(const char *program)
{
    execl(program, program, NULL);
    _exit(BROKEN);
}

ATTACK(leaks_plainly)
{
    do_the_work();
    leak();
}

ATTACK(moves_the_descriptor)
{
    do_the_work();
    int file = leak();
    must(dup2(file, 250));
    close(file);
}

ATTACK(moves_the_descriptor_below_a_limit)
{
    do_the_work();
    must(dup2(leak(), 200));
    close(3);
    struct rlimit few = { 10, 10 };
    must(setrlimit(RLIMIT_NOFILE, &few));
}

ATTACK(replaces_a_standard_descriptor)
{
    do_the_work();
    int ends[2];
    must(pipe(ends));
    must(dup2(ends[0], 0));
    close(ends[0]);
}

ATTACK(exits_by_the_bare_call)
{
    do_the_work();
    leak();
    syscall(SYS_exit, 0);
}

ATTACK(exits_the_group_by_the_bare_call)
{
    do_the_work();
    leak();
    syscall(SYS_exit_group, 0);
}

/* Where the C library's `_exit` makes its last system call, which goes unseen if `exit_group` was interrupted. */
ATTACK(exits_from_within_the_c_library)
{
    do_the_work();
    leak();
    unsigned char *code = (unsigned char *)_exit;
    unsigned char *last = NULL;
    for (int i = 0; i < 64; i++)
        if (code[i] == 0x0f && code[i + 1] == 0x05)
            last = code + i;
    if (last != NULL)
        __asm__ volatile("mov $60, %%eax\n xor %%edi, %%edi\n jmp *%0" : : "r"(last) : "rax", "rdi");
    _exit(BROKEN);
}

ATTACK(exits_in_a_foreign_page)
{
    do_the_work();
    leak();
    unsigned char *code = (unsigned char *)_exit;
    int offset = 0;
    for (int i = 0; i < 64; i++)
        if (code[i] == 0x0f && code[i + 1] == 0x05)
            offset = (int)((uintptr_t)(code + i) & 0xfff);
    unsigned char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(page + offset, "\x0f\x05", 2);
    __asm__ volatile("mov $60, %%eax\n xor %%edi, %%edi\n jmp *%0" : : "r"(page + offset) : "rax", "rdi");
}

/* Until the first thread has ended: its process goes on, and shows an empty table. */
static void await_the_leaders_end(void)
{
    char path[64], text[256];
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", getpid());
    do {
        int file = must(open(path, O_RDONLY | O_CLOEXEC));
        text[must((int)read(file, text, sizeof text - 1))] = '\0';
        close(file);
    } while (strstr(text, ") Z ") == NULL);
}

static void *hold(void *unused)
{
    await_the_leaders_end();
    leak();
    return unused;
}

ATTACK(lets_a_thread_hold_it)
{
    do_the_work();
    pthread_t thread;
    pthread_create(&thread, NULL, hold, NULL);
    pthread_exit(NULL); /* the leader is gone before the descriptor is there */
}

static int hold_in_a_table_of_its_own(void *unused)
{
    (void)unused;
    leak();
    syscall(SYS_exit, 0);
    return 0;
}

ATTACK(shares_its_table_with_a_child)
{
    /* The child opens it in the table of both, and is gone. */
    do_the_work();
    static char stack[64 << 10];
    pid_t child = must(clone(hold_in_a_table_of_its_own, stack + sizeof stack, CLONE_FILES | SIGCHLD, NULL));
    must(waitpid(child, NULL, 0));
}

static void *end_with_a_table_of_its_own(void *unused)
{
    (void)unused;
    must((int)syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_UNSHARE));
    exit(0);
}

ATTACK(exits_from_a_thread_with_a_table_of_its_own)
{
    do_the_work();
    leak();
    pthread_t thread;
    pthread_create(&thread, NULL, end_with_a_table_of_its_own, NULL);
    pthread_join(thread, NULL);
}

static int rest_for_ever(void *unused)
{
    (void)unused;
    for (;;)
        pause();
}

ATTACK(leaves_it_in_the_table_of_a_thread)
{
    do_the_work();
    leak();
    static char stack[64 << 10];
    must(clone(rest_for_ever, stack + sizeof stack, CLONE_VM | CLONE_THREAD | CLONE_SIGHAND | CLONE_FS, NULL));
    must((int)syscall(SYS_close_range, 3, ~0U, 0));
}

/* What a child of fork calls first tells which descriptors it was born with; it may be called again. */
ATTACK(says_that_it_is_born_again)
{
    static long no_locks[3];
    do_the_work();
    pid_t child = must(fork());
    if (child == 0) {
        leak();
        for (int i = 0; i < 3; i++)
            syscall(SYS_set_robust_list, no_locks, sizeof no_locks);
        exit(0);
    }
    must(waitpid(child, NULL, 0));
}

/* What a new image calls first tells which descriptors came over the exec; it may be called again. */
ATTACK(says_that_it_is_loaded_again)
{
    static int number;
    do_the_work();
    leak();
    for (int i = 0; i < 3; i++)
        syscall(SYS_set_tid_address, &number);
}

ATTACK(forks_by_the_bare_call_and_leaks_there)
{
    do_the_work();
    pid_t child = (pid_t)must((int)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
    if (child == 0) {
        leak();
        _exit(0);
    }
    must(waitpid(child, NULL, 0));
}

ATTACK(leaks_into_a_harmless_program)
{
    do_the_work();
    leak();
    become("/bin/true");
}

ATTACK(leaks_into_a_child_s_program)
{
    do_the_work();
    leak();
    pid_t child = must(vfork());
    if (child == 0)
        become("/bin/true");
    must(waitpid(child, NULL, 0));
    close(3);
}

ATTACK(executes_by_descriptor)
{
    do_the_work();
    leak();
    int program = must(open("/bin/true", O_PATH | O_CLOEXEC));
    pid_t child = must(fork());
    if (child == 0) {
        char *arguments[] = { "anything", NULL };
        syscall(SYS_execveat, program, "", arguments, NULL, AT_EMPTY_PATH);
        _exit(BROKEN);
    }
    must(waitpid(child, NULL, 0));
    close(3);
}

ATTACK(executes_from_a_thread)
{
    do_the_work();
    leak();
    pthread_t thread;
    pthread_create(&thread, NULL, (void *(*)(void *))become, "/bin/true");
    for (;;)
        pause();
}

ATTACK(is_undumpable)
{
    do_the_work();
    must(prctl(PR_SET_DUMPABLE, 0));
    leak();
}

ATTACK(is_traced_by_its_own_child)
{
    do_the_work();
    leak();
    int ready[2];
    must(pipe2(ready, O_CLOEXEC));
    pid_t parent = getpid(), tracer = must(fork());
    if (tracer == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (ptrace(PTRACE_SEIZE, parent, 0, 0) == 0 && write(ready[1], "x", 1) == 1)
            waitpid(parent, NULL, __WALL);
        _exit(0);
    }
    char byte;
    must((int)read(ready[0], &byte, 1));
    close(ready[0]);
    close(ready[1]);
}

ATTACK(never_waits)
{
    do_the_work();
    pid_t child = must(fork());
    if (child == 0)
        _exit(0);
    await_end_of(child);
}

ATTACK(never_waits_for_what_it_cloned)
{
    /* No SIGCHLD at its end, and no plain `wait` sees it. */
    do_the_work();
    pid_t child = (pid_t)must((int)syscall(SYS_clone, 0, 0, 0, 0, 0));
    if (child == 0)
        syscall(SYS_exit, 0);
    siginfo_t info;
    must(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT | __WALL));
}

ATTACK(forks_at_the_last_moment)
{
    do_the_work();
    if (must(fork()) == 0)
        for (;;)
            pause();
}

ATTACK(leaves_a_grandchild_in_its_own_session)
{
    do_the_work();
    pid_t child = must(fork());
    if (child == 0) {
        setsid();
        if (must(fork()) == 0) {
            for (int descriptor = 0; descriptor < 256; descriptor++)
                close(descriptor);
            for (;;)
                pause();
        }
        _exit(0);
    }
    must(waitpid(child, NULL, 0));
}

static void *fork_later(void *unused)
{
    await_the_leaders_end();
    if (fork() == 0)
        for (;;)
            pause();
    return unused;
}

ATTACK(lets_a_child_appear_after_the_leader_is_gone)
{
    do_the_work();
    pthread_t thread;
    pthread_create(&thread, NULL, fork_later, NULL);
    pthread_exit(NULL);
}

ATTACK(renews_its_orphan_again_and_again)
{
    do_the_work();
    if (must(fork()) == 0)
        for (;;) {
            setsid();
            if (fork() > 0)
                _exit(0);
        }
}

ATTACK(legitimate_ignores_sigchld)
{
    do_the_work();
    signal(SIGCHLD, SIG_IGN);
    if (must(fork()) == 0)
        _exit(0);
    while (wait(NULL) > 0 || errno == EINTR)
        ;
}

ATTACK(legitimate_closes_a_range)
{
    do_the_work();
    for (int i = 0; i < 20; i++)
        leak();
    must(close_range(3, ~0U, 0));
}

ATTACK(legitimate_marks_its_descriptors)
{
    do_the_work();
    int file = must(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
    pid_t child = must(fork());
    if (child == 0)
        become("/bin/true");
    must(waitpid(child, NULL, 0));
    close(file);
}

ATTACK(legitimate_marks_a_range_in_the_child)
{
    do_the_work();
    int file = leak();
    pid_t child = must(fork());
    if (child == 0) {
        must(close_range(3, ~0U, CLOSE_RANGE_CLOEXEC));
        become("/bin/true");
    }
    must(waitpid(child, NULL, 0));
    close(file);
}

ATTACK(legitimate_is_a_subreaper)
{
    do_the_work();
    must(prctl(PR_SET_CHILD_SUBREAPER, 1));
    pid_t child = must(fork());
    if (child == 0) {
        if (must(fork()) == 0)
            _exit(0);
        _exit(0);
    }
    wait_for_all();
}

ATTACK(legitimate_looks_for_a_tracer)
{
    if (ptrace(PTRACE_TRACEME, 0, 0, 0) < 0)
        _exit(1);
    do_the_work();
}

ATTACK(legitimate_reads_its_own_tables)
{
    do_the_work();
    if (entries_of("/proc/self/fd") < 3 || processes() < 2)
        _exit(1);
}
