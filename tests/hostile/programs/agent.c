/* Attacks on the agent, process 1 of the sandbox: each wants it dead, busy for ever, or out of memory. */
#define FILES_HANDED_IN 3
#include "hostile.h"

static void rest(void)
{
    for (;;)
        pause();
}

enum { CHILDREN = 12 };

/* Children that all sleep, or that all go on at one moment. */
static void have_children_sleep(void)
{
    for (int i = 0; i < CHILDREN; i++)
        if (must(fork()) == 0)
            rest();
    rest();
}

static void have_children_do(void (*what)(void))
{
    int ends[2];
    char byte;
    must(pipe2(ends, O_CLOEXEC));
    for (int i = 0; i < CHILDREN; i++) {
        if (must(fork()) == 0) {
            close(ends[1]);
            if (read(ends[0], &byte, 1) == 0)
                what();
            _exit(0);
        }
    }
    close(ends[1]);
    wait_for_all();
    exit(1);
}

static void end(void)
{
    exit(0);
}

static void sleep_in_a_program(void)
{
    execl("/bin/sleep", "sleep", "60", NULL);
}

/* Each of 160 epoll instances has a line in its fdinfo for each pair of a file and a number that it ever had. */
static void watch_very_much(void)
{
    int files[60], instances[160];
    struct epoll_event event = { .events = EPOLLIN };
    for (int i = 0; i < 60; i++)
        files[i] = must(eventfd(0, 0));
    for (int i = 0; i < 160; i++)
        instances[i] = must(epoll_create1(0));
    for (int number = 230; number < 246; number++) {
        for (int file = 0; file < 60; file++) {
            must(dup2(files[file], number));
            for (int i = 0; i < 160; i++)
                must(epoll_ctl(instances[i], EPOLL_CTL_ADD, number, &event));
        }
    }
}

/* Each of 240 descriptors has a name of nearly 4096 bytes, none of which is a letter. */
static void open_files_of_bad_names(void)
{
    static char name[256], path[512];
    memset(name, 0xff, 250);
    for (int depth = 0; depth < 14; depth++) {
        must(mkdir(name, 0700));
        must(chdir(name));
    }
    for (int file = 3; file < 240; file++) {
        snprintf(path, sizeof path, "%d%s", file, name);
        path[250] = '\0';
        must(open(path, O_RDWR | O_CREAT, 0600));
    }
}

ATTACK(sleeps_with_epolls)
{
    watch_very_much();
    have_children_sleep();
}

ATTACK(ends_with_epolls)
{
    watch_very_much();
    have_children_do(end);
}

ATTACK(sleeps_with_bad_names)
{
    open_files_of_bad_names();
    have_children_sleep();
}

ATTACK(ends_with_bad_names)
{
    open_files_of_bad_names();
    have_children_do(end);
}

ATTACK(executes_with_bad_names)
{
    open_files_of_bad_names();
    have_children_do(sleep_in_a_program);
}

static void grow_the_program(void)
{
    must(unlink("/work/hostile"));
    int file = must(open("/work/hostile", O_RDWR | O_CREAT | O_CLOEXEC, 0700));
    must(ftruncate(file, 63 << 20));
    close(file);
}

ATTACK(grows_its_program_and_hangs)
{
    grow_the_program();
    rest();
}

ATTACK(grows_its_program_and_is_deadlocked)
{
    int ends[2];
    char byte;
    grow_the_program();
    must(pipe(ends));
    must((int)read(ends[0], &byte, 1));
}

ATTACK(grows_its_program_and_leaks)
{
    do_the_work();
    grow_the_program();
    must(open("/etc/passwd", O_RDONLY));
}

/* What a sweep of long ago would have called the folders that it moves. */
ATTACK(is_in_the_way_of_the_sweep)
{
    for (const char *const *folder = (const char *const[]){ "/work", "/tmp", "/dev/shm", NULL }; *folder; folder++) {
        must(chdir(*folder));
        must(mkdir(".swept0", 0700));
        must(mkdir(".swept0/.swept0", 0700));
        must(mkdir(".swept1", 0700));
        must(mkdir(".swept1/.swept0", 0700));
        must(mkdir(".swept1/.swept1", 0700));
    }
}

ATTACK(makes_more_files_than_can_be_listed)
{
    static char path[300];
    for (int i = 0;; i++) {
        int length = snprintf(path, sizeof path, "/dev/shm/%d", i);
        memset(path + length, 'n', 240);
        int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (file < 0)
            break;
        close(file);
    }
    rest();
}

ATTACK(makes_more_folders_than_can_be_listed)
{
    char path[64];
    for (int i = 0;; i++) {
        snprintf(path, sizeof path, "/dev/shm/%d", i);
        if (mkdir(path, 0) < 0)
            break;
    }
    rest();
}

ATTACK(gives_a_file_attributes_without_end)
{
    char name[64];
    int file = must(open("/dev/shm/file", O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    for (int i = 0;; i++) {
        snprintf(name, sizeof name, "user.%d", i);
        if (fsetxattr(file, name, much, 60000, 0) < 0)
            break;
    }
    rest(); /* where no user may do that, of an older kernel */
}

/* The work folder itself is not removed with what is in it. */
ATTACK(gives_its_folder_attributes_instead_of_files)
{
    char name[64];
    for (int i = 0; i < 3; i++)
        unlink((const char *[]){ "hostile.c", "hostile.h", "prelude.h" }[i]);
    unlink("hostile");
    size_t size = 60000;
    for (int i = 0; size > 16; i++) {
        snprintf(name, sizeof name, "user.%d", i);
        if (setxattr("/work", name, much, size, 0) < 0)
            size /= 2;
    }
    rest();
}

/* The kernel remembers each name that is not there; the memory is the sandbox's until somebody else needs it. */
ATTACK(looks_for_what_is_not_there)
{
    static char path[300];
    struct stat status;
    for (int i = 0;; i++) {
        int length = snprintf(path, sizeof path, "/usr/lib/%d", i);
        memset(path + length, 'n', 240);
        stat(path, &status);
    }
}

ATTACK(maps_without_end_in_children)
{
    for (int i = 0; i < 20000; i++)
        mmap(NULL, 4096, i % 2 ? PROT_READ : PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    have_children_sleep();
}

/* Where its arguments lie is a process's own to say: here, 64 MiB of nothing. */
ATTACK(has_arguments_without_end)
{
    unsigned long long value[64] = { 0 };
    char text[2048] = "";
    int file = must(open("/proc/self/stat", O_RDONLY | O_CLOEXEC)), count = 0;
    must((int)read(file, text, sizeof text - 1));
    close(file);
    for (char *word = strtok(strrchr(text, ')') + 2, " "); word != NULL; word = strtok(NULL, " "))
        value[count++] = strtoull(word, NULL, 10);
    unsigned long area = (unsigned long)mmap(NULL, 64 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct {
        uint64_t start_code, end_code, start_data, end_data, start_brk, brk, start_stack;
        uint64_t arg_start, arg_end, env_start, env_end, auxv;
        uint32_t auxv_size, exe;
    } map = { value[23], value[24], value[42], value[43], value[44], (uint64_t)sbrk(0), value[25],
              area, area + (64 << 20) - 1, area, area + 100, 0, 0, UINT32_MAX };
    prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0);
    have_children_sleep();
}

ATTACK(locks_a_file_in_very_many_places)
{
    int file = must(open("/work/locked", O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    for (long i = 0; i < 100000; i++) {
        struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 2 * i, .l_len = 1 };
        if (fcntl(file, F_SETLK, &lock) < 0)
            break;
    }
    rest();
}

ATTACK(keeps_a_dying_child_stopped)
{
    pid_t child = must(fork());
    if (child == 0)
        rest();
    must((int)ptrace(PTRACE_SEIZE, child, 0, PTRACE_O_TRACEEXIT));
    must(kill(child, SIGKILL));
    rest();
}

ATTACK(has_a_chain_of_borrowed_memory)
{
    static volatile int depth;
    while (vfork() == 0)
        if (++depth > CHILDREN)
            rest();
    rest();
}

ATTACK(sends_descriptors_into_each_other)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(100 * sizeof(int))];
    } control = { .header = { CMSG_LEN(100 * sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
    char byte = 0;
    struct iovec data = { &byte, 1 };
    struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control,
                              .msg_controllen = sizeof control };
    int ends[2], next[2];
    must(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends));
    for (int round = 0; round < 1000; round++) {
        must(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, next));
        for (int i = 0; i < 100; i++)
            memcpy(CMSG_DATA(&control.header) + sizeof(int) * (size_t)i, &ends[i % 2], sizeof(int));
        if (sendmsg(next[0], &message, 0) < 0)
            break;
        close(ends[0]);
        close(ends[1]);
        memcpy(ends, next, sizeof ends);
    }
    rest();
}

ATTACK(is_signalled_by_two_thousand_timers)
{
    signal(SIGUSR1, SIG_IGN);
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
    struct itimerspec often = { { 0, 100000 }, { 0, 100000 } };
    timer_t timer;
    for (int i = 0; i < 2000 && timer_create(CLOCK_MONOTONIC, &event, &timer) == 0; i++)
        timer_settime(timer, 0, &often, NULL);
    rest();
}

ATTACK(gives_its_children_to_the_agent)
{
    for (int i = 0; i < 2000; i++)
        if (syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0) == 0)
            _exit(i & 0xff);
}

ATTACK(takes_all_terminals)
{
    for (int i = 0; i < CHILDREN; i++) {
        if (must(fork()) == 0) {
            while (open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC) >= 0)
                ;
            rest();
        }
    }
    rest();
}

ATTACK(writes_everything_to_the_disk_again_and_again)
{
    for (;;)
        sync();
}
