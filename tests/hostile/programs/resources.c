/* Attacks on the machine: each takes as much of something as it can get. */
#define FILES_HANDED_IN 3
#include "hostile.h"
#include <sys/timex.h>

static void *rest(void *unused)
{
    for (;;)
        pause();
    return unused;
}

ATTACK(forks)
{
    for (;;)
        fork();
}

ATTACK(forks_and_leaves_the_session)
{
    for (;;)
        if (fork() > 0)
            setsid();
}

ATTACK(forks_by_vfork)
{
    for (;;)
        if (vfork() == 0)
            execl("/work/hostile", "hostile", "forks_by_vfork", NULL);
}

ATTACK(starts_threads)
{
    pthread_t thread;
    for (;;)
        pthread_create(&thread, NULL, rest, NULL);
}

ATTACK(forks_and_ends_again_and_again)
{
    for (int i = 0; i < 200; i++)
        must(open("/etc/passwd", O_RDONLY));
    for (;;)
        if (fork() == 0)
            _exit(0);
        else
            wait(NULL);
}

ATTACK(executes_itself_again_and_again)
{
    static char argument[120 << 10];
    memset(argument, 'x', sizeof argument - 1);
    while (must(open("/etc/passwd", O_RDONLY)) < 240)
        ;
    closefrom(240);
    execl("/work/hostile", "hostile", "executes_itself_again_and_again", argument, NULL);
}

/* Each of 240 descriptors has a name of nearly 4096 bytes. */
static void open_files_of_long_names(void)
{
    static char name[256], path[512];
    memset(name, 'n', 250);
    for (int depth = 0; depth < 14 && fcntl(100, F_GETFD) < 0; depth++)
        if (mkdir(name, 0700) < 0 || chdir(name) < 0)
            _exit(BROKEN);
    for (int file = 3; file < 240; file++) {
        snprintf(path, sizeof path, "%d%s", file, name);
        path[250] = '\0';
        if (fcntl(file, F_GETFD) < 0)
            must(open(path, O_RDWR | O_CREAT, 0600));
    }
}

ATTACK(executes_itself_with_long_names)
{
    open_files_of_long_names();
    execl("/work/hostile", "hostile", "executes_itself_with_long_names", NULL);
}

ATTACK(sets_alarms)
{
    for (unsigned i = 0;; i++)
        alarm(1000 + i);
}

ATTACK(signals_itself)
{
    signal(SIGALRM, SIG_IGN);
    for (;;)
        kill(getpid(), SIGALRM);
}

ATTACK(takes_memory)
{
    for (;;)
        memset(malloc(1 << 20), 1, 1 << 20);
}

ATTACK(takes_memory_in_children)
{
    for (int i = 0; i < 10; i++)
        if (fork() == 0)
            for (;;)
                memset(malloc(1 << 20), 1, 1 << 20);
    wait_for_all();
}

/* No process is as large as the agent, and none goes before it. */
ATTACK(takes_memory_out_of_turn)
{
    int score = must(open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
    must((int)write(score, "0", 1));
    for (int i = 0; i < 14; i++) {
        if (fork() == 0) {
            memset(much, 1, sizeof much);
            for (int page = 0; page < 8 << 8; page++) {
                char *more = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                if (more != MAP_FAILED)
                    *more = 1;
            }
            rest(NULL);
        }
    }
    rest(NULL);
}

ATTACK(takes_shared_memory)
{
    for (;;) {
        int identifier = must(shmget(IPC_PRIVATE, 4 << 20, 0600));
        memset(shmat(identifier, NULL, 0), 1, 4 << 20);
    }
}

static long number_in(const char *path)
{
    char text[32] = "";
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || read(file, text, sizeof text - 1) <= 0)
        return -1;
    close(file);
    return atol(text);
}

static long memory_left(void)
{
    long limit = number_in("/sys/fs/cgroup/memory.max"), used = number_in("/sys/fs/cgroup/memory.current");
    if (limit < 0) {
        limit = number_in("/sys/fs/cgroup/memory/memory.limit_in_bytes");
        used = number_in("/sys/fs/cgroup/memory/memory.usage_in_bytes");
    }
    return limit - used;
}

/* What stays when its last process has ended, up to the brim: the next page that the agent needs is one too many. */
ATTACK(leaves_no_memory_to_the_agent)
{
    open_files_of_long_names();
    for (long size = 4 << 20; size >= 4096; size /= 2) {
        while (memory_left() > size + 300000) {
            int identifier = shmget(IPC_PRIVATE, (size_t)size, 0600);
            if (identifier < 0)
                break;
            char *memory = shmat(identifier, NULL, 0);
            memset(memory, 1, (size_t)size);
            shmdt(memory);
        }
    }
    int identifier = shmget(IPC_PRIVATE, 4 << 20, 0600);
    char *memory = shmat(identifier, NULL, 0);
    for (int page = 0; page < 1024 && memory_left() > 8192; page++)
        memory[page * 4096] = 1;
    dprintf(2, "left %ld", memory_left());
}

ATTACK(takes_anonymous_files)
{
    for (;;) {
        int file = memfd_create("much", 0);
        if (file < 0)
            break;
        for (int i = 0; i < 4; i++)
            if (write(file, much, sizeof much) < 0)
                break;
    }
    for (;;)
        memset(malloc(1 << 20), 1, 1 << 20);
}

ATTACK(fills_pipes)
{
    for (;;) {
        int ends[2];
        if (pipe2(ends, O_NONBLOCK) < 0)
            break;
        fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
        while (write(ends[1], much, sizeof much) > 0)
            ;
    }
    _exit(1);
}

ATTACK(fills_sockets)
{
    for (;;) {
        int ends[2], size = 1 << 24;
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) < 0)
            break;
        setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
        while (write(ends[1], much, sizeof much) > 0)
            ;
    }
    _exit(1);
}

ATTACK(fills_message_queues)
{
    struct { long type; char text[8000]; } message = { 1, "" };
    for (;;) {
        int queue = msgget(IPC_PRIVATE, 0600);
        if (queue < 0)
            break;
        while (msgsnd(queue, &message, sizeof message.text, IPC_NOWAIT) == 0)
            ;
    }
    _exit(1);
}

ATTACK(fills_folders)
{
    for (const char *const *path = (const char *const[]){ "/tmp/a", "/work/a", "/dev/shm/a", NULL }; *path; path++) {
        int file = must(open(*path, O_RDWR | O_CREAT, 0600));
        signal(SIGXFSZ, SIG_IGN);
        while (write(file, much, sizeof much) > 0)
            ;
    }
    _exit(1);
}

ATTACK(makes_100000_files)
{
    char path[64];
    for (int i = 0; i < 100000; i++) {
        snprintf(path, sizeof path, "/work/%d", i);
        int file = open(path, O_WRONLY | O_CREAT, 0600);
        if (file < 0)
            break;
        close(file);
    }
    _exit(1);
}

ATTACK(makes_a_sparse_file)
{
    int file = must(open("sparse", O_RDWR | O_CREAT, 0600));
    must(ftruncate(file, 1 << 30));
}

ATTACK(makes_deep_folders)
{
    for (int i = 0; i < 15000; i++)
        if (mkdir("d", 0700) < 0 || chdir("d") < 0)
            break;
    _exit(1);
}

ATTACK(opens_everything)
{
    while (open("/dev/null", O_RDONLY) >= 0)
        ;
    while (eventfd(0, 0) >= 0 || dup(0) >= 0 || epoll_create(1) >= 0)
        ;
    _exit(1);
}

ATTACK(prints_without_end)
{
    memset(much, 'x', sizeof much);
    for (;;)
        if (write(1, much, sizeof much) < 0)
            break;
}

ATTACK(prints_errors_without_end)
{
    for (;;)
        fputs("error\n", stderr);
}

ATTACK(prints_without_end_from_children)
{
    for (int i = 0; i < 8; i++)
        if (fork() == 0)
            for (;;)
                if (write(1, "x", 1) < 0)
                    _exit(1);
    for (;;)
        pause();
}

ATTACK(computes)
{
    for (;;)
        ;
}

ATTACK(computes_in_many_processes)
{
    for (int i = 0; i < 12; i++)
        if (fork() == 0)
            break;
    for (;;)
        ;
}

ATTACK(computes_where_it_denies_itself_processors)
{
    /* As if others were to blame that it does not get on. */
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    sched_setaffinity(0, sizeof one, &one);
    for (int i = 0; i < 12; i++)
        if (fork() == 0)
            break;
    for (;;)
        ;
}

ATTACK(computes_deaf_to_signals)
{
    for (int number = 1; number <= 64; number++)
        signal(number, SIG_IGN);
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    setpriority(PRIO_PROCESS, 0, -20);
    struct sched_param first = { .sched_priority = 99 };
    sched_setscheduler(0, SCHED_FIFO, &first);
    for (;;)
        ;
}

ATTACK(sleeps)
{
    for (;;)
        sleep(1);
}

ATTACK(stops_itself)
{
    raise(SIGSTOP);
}

ATTACK(stops_itself_in_children)
{
    for (int i = 0; i < 8; i++)
        if (fork() == 0)
            raise(SIGSTOP);
    wait_for_all();
}

ATTACK(yields)
{
    for (;;)
        sched_yield();
}

ATTACK(starts_timers)
{
    struct sigevent nothing = { .sigev_notify = SIGEV_NONE };
    struct itimerspec often = { { 0, 1000 }, { 0, 1000 } };
    timer_t timer;
    while (timer_create(CLOCK_MONOTONIC, &nothing, &timer) == 0)
        timer_settime(timer, 0, &often, NULL);
    for (;;)
        pause();
}

ATTACK(maps_without_end)
{
    while (mmap(NULL, 4096, (rand() & 1) ? PROT_READ : PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
        ;
    for (;;)
        pause();
}

ATTACK(recurses)
{
    volatile char frame[64 << 10];
    frame[0] = 1;
    recurses();
    frame[1] = 1;
}
