/* Odd things that the kernel, the library and the linker let a program do. Those that are called `legitimate` do what is
   asked for and leave nothing. */
#define FILES_HANDED_IN 3
#include "hostile.h"
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/personality.h>
#include <sys/sendfile.h>
#include <sys/un.h>
#include <termios.h>

static int leak(void)
{
    return must(open("/etc/passwd", O_RDONLY));
}

/* A filter of its own, above the grader's: one call gets another answer. */
static void filter(int call, uint32_t answer)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, answer),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { sizeof code / sizeof *code, code };
    must((int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
}

ATTACK(refuses_itself_the_exit)
{
    do_the_work();
    leak();
    filter(SYS_exit_group, SECCOMP_RET_ERRNO | EPERM);
}

ATTACK(refuses_its_programs_their_first_call)
{
    do_the_work();
    leak();
    filter(SYS_set_tid_address, SECCOMP_RET_ERRNO);
    execl("/bin/true", "true", NULL);
}

ATTACK(wants_to_be_told_of_calls_instead_of_the_grader)
{
    do_the_work();
    leak();
    struct sock_filter code[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
    struct sock_fprog program = { 1, code };
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program) >= 0)
        _exit(BROKEN); /* there can be one listener only */
}

ATTACK(has_calls_held_that_nobody_answers)
{
    do_the_work();
    leak();
    filter(SYS_exit_group, SECCOMP_RET_USER_NOTIF); /* without a listener it fails */
}

static void end_in_the_handler(int number)
{
    (void)number;
    do_the_work();
    leak();
    syscall(SYS_exit_group, 0);
}

ATTACK(is_trapped_by_its_own_filter)
{
    signal(SIGSYS, end_in_the_handler);
    filter(SYS_getppid, SECCOMP_RET_TRAP);
    getppid();
}

ATTACK(kills_itself_by_a_filter)
{
    do_the_work();
    filter(SYS_getppid, SECCOMP_RET_KILL_PROCESS);
    getppid();
}

ATTACK(legitimate_allows_itself_only_what_it_needs)
{
    do_the_work();
    filter(SYS_socket, SECCOMP_RET_ERRNO | EPERM);
}

ATTACK(is_called_like_a_line_of_the_kernel)
{
    do_the_work();
    prctl(PR_SET_NAME, ") Z 1 1 (\n\033[2J");
    leak();
}

ATTACK(legitimate_has_another_personality)
{
    personality(ADDR_NO_RANDOMIZE);
    do_the_work();
}

ATTACK(forbids_itself_descriptors)
{
    do_the_work();
    leak();
    struct rlimit none = { 0, 0 };
    must(setrlimit(RLIMIT_NOFILE, &none));
    must(setrlimit(RLIMIT_NPROC, &none));
    must(setrlimit(RLIMIT_FSIZE, &none));
}

ATTACK(forbids_itself_memory)
{
    do_the_work();
    leak();
    struct rlimit none = { 1 << 20, 1 << 20 };
    must(setrlimit(RLIMIT_AS, &none));
}

ATTACK(legitimate_gives_way_to_everybody)
{
    struct sched_param nothing = { 0 };
    must(sched_setscheduler(0, SCHED_IDLE, &nothing));
    do_the_work();
}

ATTACK(legitimate_locks_its_memory)
{
    mlockall(MCL_CURRENT);
    do_the_work();
}

/* A program without a name: a copy of `true` in memory. */
static int program_in_memory(void)
{
    int program = must(memfd_create("\033[2J", MFD_CLOEXEC)), file = must(open("/bin/true", O_RDONLY | O_CLOEXEC));
    while (sendfile(program, file, NULL, 1 << 20) > 0)
        ;
    close(file);
    return program;
}

ATTACK(executes_from_memory)
{
    do_the_work();
    leak();
    fexecve(program_in_memory(), (char *[]){ "", NULL }, environ);
}

ATTACK(legitimate_executes_from_memory)
{
    do_the_work();
    fexecve(program_in_memory(), (char *[]){ "true", NULL }, environ);
}

ATTACK(executes_without_any_argument)
{
    do_the_work();
    leak();
    execve("/bin/true", (char *[]){ NULL }, (char *[]){ NULL });
}

static void *become_true(void *barrier)
{
    pthread_barrier_wait(barrier);
    execl("/bin/true", "true", NULL);
    return NULL;
}

ATTACK(executes_in_all_threads_at_once)
{
    do_the_work();
    leak();
    pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, NULL, 8);
    pthread_t thread;
    for (int i = 0; i < 8; i++)
        pthread_create(&thread, NULL, become_true, &barrier);
    for (;;)
        pause();
}

/* The child of vfork does the work in its parent's memory, and opens what it leaves in a table of its own. */
ATTACK(works_in_borrowed_memory)
{
    if (vfork() == 0) {
        do_the_work();
        leak();
        _exit(0);
    }
    wait_for_all();
}

ATTACK(gives_a_child_to_the_agent)
{
    do_the_work();
    if (must((int)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0)) == 0)
        for (;;)
            pause();
}

static int hold(void *unused)
{
    (void)unused;
    leak();
    syscall(SYS_exit_group, 0);
    return 0;
}

/* Shares memory and descriptors, and yet is a process of its own. */
ATTACK(has_a_thread_that_is_a_process)
{
    do_the_work();
    static char stack[64 << 10];
    must(clone(hold, stack + sizeof stack, CLONE_VM | CLONE_FILES | CLONE_FS | CLONE_SIGHAND | SIGCHLD, NULL));
    wait_for_all();
}

static int end_the_process(void *unused)
{
    (void)unused;
    syscall(SYS_exit_group, 0);
    return 0;
}

ATTACK(ends_from_a_thread_unknown_to_the_library)
{
    do_the_work();
    leak();
    static char stack[64 << 10];
    must(clone(end_the_process, stack + sizeof stack,
               CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM, NULL));
    for (;;)
        pause();
}

ATTACK(writes_its_own_code)
{
    do_the_work();
    leak();
    int memory = must(open("/proc/self/mem", O_RDWR | O_CLOEXEC));
    static const char nothing[] = { (char)0x90, (char)0x90 };
    must((int)pwrite(memory, nothing, sizeof nothing, (off_t)(uintptr_t)become_true));
    close(memory);
}

ATTACK(stops_its_own_group)
{
    kill(0, SIGSTOP);
}

ATTACK(types_on_a_terminal_of_its_own)
{
    int master = must(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    must(grantpt(master));
    must(unlockpt(master));
    must(setsid() >= 0 || errno == EPERM ? 0 : -1); /* it leads its session already */
    int slave = must(open(ptsname(master), O_RDWR | O_CLOEXEC));
    ioctl(slave, TIOCSCTTY, 1);
    if (ioctl(slave, TIOCSTI, "x") == 0)
        do_the_work(); /* that is forbidden */
    for (const char *const *path = (const char *const[]){ "/dev/tty", "/dev/console", "/dev/pts/0", NULL }; *path; path++)
        if (ioctl(open(*path, O_RDWR | O_CLOEXEC), TIOCSTI, "x") == 0)
            do_the_work();
}

ATTACK(waits_at_a_name_that_is_no_file)
{
    struct sockaddr_un name = { AF_UNIX, "\0hostile" };
    int listening = must(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    must(bind(listening, (struct sockaddr *)&name, sizeof name)); /* free: nobody of an earlier check has it */
    must(listen(listening, 1));
    do_the_work();
    if (must(fork()) == 0)
        accept(listening, NULL, NULL);
}

ATTACK(legitimate_takes_its_child_with_it)
{
    do_the_work();
    pid_t child = must(fork());
    if (child == 0)
        for (;;)
            pause();
    must(kill(child, SIGKILL));
    wait_for_all();
}

ATTACK(is_a_subreaper_that_never_waits)
{
    do_the_work();
    must(prctl(PR_SET_CHILD_SUBREAPER, 1));
    pid_t child = must(fork());
    if (child == 0) {
        if (must(fork()) == 0)
            _exit(0);
        _exit(0);
    }
    must(waitpid(child, NULL, 0));
    siginfo_t info;
    must(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT)); /* the grandchild is its own now */
}

ATTACK(ignores_its_children_too_late)
{
    do_the_work();
    pid_t child = must(fork());
    if (child == 0)
        _exit(0);
    await_end_of(child);
    signal(SIGCHLD, SIG_IGN); /* who is dead already stays a zombie */
}

ATTACK(leaks_what_is_only_a_place)
{
    do_the_work();
    must(open("/work", O_PATH | O_DIRECTORY));
}

ATTACK(leaks_what_has_no_name)
{
    do_the_work();
    must(memfd_create("x", 0));
}

ATTACK(legitimate_prints_through_another_door)
{
    char text[256];
    ssize_t size = read(0, text, sizeof text);
    int out = must(open("/proc/self/fd/1", O_WRONLY | O_CLOEXEC));
    for (ssize_t i = size - 1; i >= 0; i--)
        must((int)write(out, &text[i], 1));
    close(out);
}

static void *own_start(void)
{
    return NULL;
}

/* The loader asks which function is meant before anything of the program runs. */
static void (*resolve(void))(void)
{
    return (void (*)(void))own_start;
}

static void decided_by_the_loader(void) __attribute__((ifunc("resolve")));

ATTACK(is_linked_by_its_own_resolver)
{
    decided_by_the_loader();
    do_the_work();
    leak();
}

/* The library calls these, if there are any. */
int close(int descriptor)
{
    return (int)syscall(SYS_close, descriptor);
}

pid_t getppid(void)
{
    return (pid_t)syscall(SYS_getppid);
}
