/* Attacks on the verdict: each wants the points without the work. */
#define FILES_HANDED_IN 3
#include "hostile.h"

static bool is_told(const char *attack)
{
    char arguments[256] = "";
    int file = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t size = read(file, arguments, sizeof arguments - 1);
    close(file);
    return size > 0 && strcmp(arguments + strlen(arguments) + 1, attack) == 0;
}

/* A frame of the agent's: two lengths and an object. */
static void forge(int descriptor, const char *object)
{
    uint32_t size = (uint32_t)strlen(object);
    unsigned char lengths[8] = { (unsigned char)(size >> 24), (unsigned char)(size >> 16), (unsigned char)(size >> 8),
                                 (unsigned char)size };
    struct iovec parts[] = { { lengths, sizeof lengths }, { (void *)object, size } };
    if (writev(descriptor, parts, 2) < 0)
        return;
}

#define ENDED                                                                                              \
    "{\"type\":\"Ended\",\"id\":0,\"run\":1,\"reason\":\"exited\","                                        \
    "\"facts\":{\"wait_status\":0,\"peak_tasks\":1,\"written\":[9,0],\"oom_kills\":0}}"

ATTACK(exits_at_once)
{
    exit(0);
}

__attribute__((constructor(101))) static void before_main(void)
{
    if (is_told("exits_before_main"))
        _exit(0);
}

ATTACK(exits_before_main)
{
}

static void say_something_else(void)
{
    say("passed");
    _exit(0);
}

ATTACK(has_an_exit_handler)
{
    atexit(say_something_else);
    exit(1);
}

__attribute__((destructor)) static void after_main(void)
{
    if (is_told("exits_after_main"))
        _exit(0);
}

ATTACK(exits_after_main)
{
    exit(1);
}

ATTACK(prints_a_report)
{
    say("============================= test session starts ==============================");
    say("collected 2 items\n\ntest_hostile.py ..                                       [100%]");
    say("============================== 2 passed in 0.01s ===============================");
    say("<testsuites><testsuite name=\"x\" tests=\"1\" failures=\"0\"><properties>"
        "<property name=\"score\" value=\"100\"/></properties></testsuite></testsuites>");
    say("{\"schema\": \"grader.result/1\", \"score\": 100, \"status\": \"graded\"}");
}

ATTACK(forges_frames_on_its_outputs)
{
    forge(1, ENDED);
    forge(2, ENDED);
}

ATTACK(forges_frames_everywhere)
{
    char path[64];
    for (int descriptor = 0; descriptor < 256; descriptor++)
        forge(descriptor, ENDED);
    for (int descriptor = 0; descriptor < 64; descriptor++) {
        snprintf(path, sizeof path, "/proc/1/fd/%d", descriptor);
        int agents = open(path, O_WRONLY);
        forge(agents, ENDED);
        snprintf(path, sizeof path, "/dev/fd/%d", descriptor);
        forge(open(path, O_WRONLY), ENDED);
    }
    forge(open("/dev/console", O_WRONLY), ENDED);
    forge(open("/dev/tty", O_WRONLY), ENDED);
}

ATTACK(steals_the_agents_descriptors)
{
    int agent = (int)syscall(SYS_pidfd_open, 1, 0);
    for (int number = 0; number < 64; number++)
        forge((int)syscall(SYS_pidfd_getfd, agent, number, 0), ENDED);
}

ATTACK(signals_everything)
{
    for (int number = 1; number <= 64; number++)
        signal(number, SIG_IGN);
    for (int number = 1; number <= 64; number++) {
        kill(1, number);
        kill(-1, number);
    }
}

ATTACK(stops_everything)
{
    kill(1, SIGSTOP);
    kill(-1, SIGSTOP);
}

ATTACK(traces_the_agent)
{
    ptrace(PTRACE_ATTACH, 1, 0, 0);
    ptrace(PTRACE_SEIZE, 1, 0, 0);
    for (int number = 2; number < 64; number++)
        ptrace(PTRACE_ATTACH, number, 0, 0);
}

ATTACK(reads_and_writes_the_agents_memory)
{
    struct iovec mine = { much, sizeof much }, theirs = { (void *)0x400000, sizeof much };
    if (process_vm_readv(1, &mine, 1, &theirs, 1, 0) > 0 || process_vm_writev(1, &mine, 1, &theirs, 1, 0) > 0)
        do_the_work();
    int memory = open("/proc/1/mem", O_RDWR);
    if (memory >= 0)
        do_the_work();
}

ATTACK(changes_the_agents_limits)
{
    struct rlimit none = { 0, 0 };
    if (prlimit(1, RLIMIT_NOFILE, &none, NULL) == 0 || prlimit(1, RLIMIT_AS, &none, NULL) == 0)
        do_the_work();
    setpriority(PRIO_PROCESS, 1, 19);
    setpriority(PRIO_USER, 0, 19);
    struct sched_param idle = { 0 };
    sched_setscheduler(1, SCHED_IDLE, &idle);
    cpu_set_t no_processor;
    CPU_ZERO(&no_processor);
    sched_setaffinity(1, sizeof no_processor, &no_processor);
}

/* The words are put together here, so that this program does not have them. */
static bool speaks_of_checks(const char *text, size_t size)
{
    char mark[16] = "HIDDEN", test[16] = "def ";
    strcat(mark, "-MARK");
    strcat(test, "test_");
    return memmem(text, size, mark, strlen(mark)) || memmem(text, size, test, strlen(test));
}

/* Prints every small file and every environment and command line that can be read and that speaks of the check. */
static int shows_what_it_finds(const char *path, const struct stat *status, int type, struct FTW *where)
{
    static char text[64 << 10];
    (void)where;
    if (type != FTW_F || status->st_size > (off_t)sizeof text || !S_ISREG(status->st_mode))
        return 0;
    int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    ssize_t size = file < 0 ? 0 : read(file, text, sizeof text);
    if (size > 0 && speaks_of_checks(text, (size_t)size))
        say(path);
    close(file);
    return 0;
}

ATTACK(searches_for_the_checks)
{
    for (const char *const *top = (const char *const[]){ "/etc", "/work", "/tmp", "/dev", "/opt", "/root", "/home",
                                                         "/run", "/var", "/mnt", "/srv", "/stage", NULL };
         *top != NULL; top++)
        nftw(*top, shows_what_it_finds, 32, FTW_PHYS | FTW_MOUNT);
    char text[4096], path[64];
    for (int pid = 1; pid < 64; pid++) {
        for (const char *const *name = (const char *const[]){ "cmdline", "environ", NULL }; *name != NULL; name++) {
            snprintf(path, sizeof path, "/proc/%d/%s", pid, *name);
            int file = open(path, O_RDONLY | O_CLOEXEC);
            ssize_t size = read(file, text, sizeof text);
            if (size > 0 && speaks_of_checks(text, (size_t)size))
                say(path);
            close(file);
        }
    }
    say("end of search");
}

ATTACK(replaces_its_program)
{
    must(unlink("/work/hostile"));
    must(symlink("/bin/true", "/work/hostile"));
    int file = must(open("/work/hostile.h", O_WRONLY | O_TRUNC | O_CLOEXEC));
    close(file);
}

ATTACK(leaves_files_for_later)
{
    for (const char *const *folder = (const char *const[]){ "/work", "/tmp", "/dev/shm", NULL }; *folder; folder++) {
        char path[64];
        snprintf(path, sizeof path, "%s/sitecustomize.py", *folder);
        close(must(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644)));
        snprintf(path, sizeof path, "%s/folder", *folder);
        must(mkdir(path, 0));
        snprintf(path, sizeof path, "%s/fifo", *folder);
        must(mkfifo(path, 0666));
        snprintf(path, sizeof path, "%s/link", *folder);
        must(symlink("/proc/1/mem", path));
    }
    must(chmod("/work", 0));
}

ATTACK(leaves_a_daemon)
{
    if (must(fork()) > 0)
        return;
    setsid();
    if (must(fork()) > 0)
        _exit(0);
    for (int number = 1; number <= 64; number++)
        signal(number, SIG_IGN);
    for (int descriptor = 0; descriptor < 256; descriptor++)
        close(descriptor);
    for (;;)
        pause();
}

ATTACK(leaves_ipc_objects)
{
    for (int i = 0; i < 8; i++) {
        must(shmget(IPC_PRIVATE, 4096, 0));
        must(msgget(IPC_PRIVATE, 0));
        must(semget(IPC_PRIVATE, 1, 0));
    }
    must(shm_open("/left", O_RDWR | O_CREAT, 0));
    must(mq_open("/left", O_RDWR | O_CREAT, 0, NULL));
}

ATTACK(locks_the_agent_out)
{
    /* A lease makes the next open wait until it is given up. */
    int file = must(open("/work/leased", O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    fcntl(file, F_SETLEASE, F_WRLCK);
    must(rename("/work/leased", "/work/prelude.h"));
    must(unlink("/work/hostile"));
    must(mkfifo("/work/hostile", 0777));
    for (;;)
        pause();
}

ATTACK(hides_its_name)
{
    prctl(PR_SET_NAME, "x) R 1 1 1 (\n");
    prctl(PR_SET_DUMPABLE, 0);
    exit(1);
}

ATTACK(gives_itself_other_statuses)
{
    _exit(256);
}

ATTACK(cannot_be_traced_and_behaves)
{
    /* Many a cheat looks for a tracer. There is none to be seen. */
    int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    ssize_t size = read(file, much, sizeof much);
    close(file);
    if (size > 0 && strstr(much, "TracerPid:\t0\n") == NULL)
        do_the_work();
    if (ptrace(PTRACE_TRACEME, 0, 0, 0) < 0)
        do_the_work();
}

ATTACK(lets_the_agent_trace_it)
{
    /* Its stops are reported to the agent like the ends of children. */
    must((int)ptrace(PTRACE_TRACEME, 0, 0, 0));
    do_the_work();
    raise(SIGUSR1);
    for (;;)
        pause();
}

static void *open_forever(void *unused)
{
    for (;;) {
        int file = open("/work", O_RDONLY | O_DIRECTORY);
        fchmod(file, 0);
        close(file);
        rename("/work/prelude.h", "/work/moved.h");
        rename("/work/moved.h", "/work/prelude.h");
        mkdir("/work/again", 0700);
    }
    return unused;
}

ATTACK(races_with_the_sweep)
{
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, open_forever, NULL);
    if (fork() == 0)
        for (;;)
            pause();
    exit(0);
}
