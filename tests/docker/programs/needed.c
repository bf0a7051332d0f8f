/* Uses the mechanism that its argument names, as programs of a course do; exits with 0 if all of it works.
   It is compiled below prelude.h. */

static void use_fork(void)
{
    int status;
    pid_t child = must(fork());
    if (child == 0)
        _exit(7);
    must(waitpid(child, &status, 0));
    must(WEXITSTATUS(status) == 7 ? 0 : -1);
}

static void *twice(void *number)
{
    *(int *)number *= 2;
    return number;
}

static void use_threads(void)
{
    int number = 21;
    pthread_t thread;
    must(-pthread_create(&thread, NULL, twice, &number));
    must(-pthread_join(thread, NULL));
    must(number == 42 ? 0 : -1);
}

static void use_sysv_shm(void)
{
    int segment = must(shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600));
    char *memory = shmat(segment, NULL, 0);
    must(memory == (void *)-1 ? -1 : 0);
    memory[0] = 'x';
    must(shmdt(memory));
    must(shmctl(segment, IPC_RMID, NULL));
}

static void use_sysv_msg(void)
{
    struct {
        long type;
        char text[8];
    } message = { 1, "hello" };
    int queue = must(msgget(IPC_PRIVATE, IPC_CREAT | 0600));
    must(msgsnd(queue, &message, sizeof message.text, 0));
    must((int)msgrcv(queue, &message, sizeof message.text, 0, 0));
    must(msgctl(queue, IPC_RMID, NULL));
}

static void use_sysv_sem(void)
{
    struct sembuf up = { 0, 1, 0 };
    int set = must(semget(IPC_PRIVATE, 1, IPC_CREAT | 0600));
    must(semop(set, &up, 1));
    must(semctl(set, 0, GETVAL) == 1 ? 0 : -1);
    must(semctl(set, 0, IPC_RMID));
}

static void use_posix_shm(void)
{
    int memory = must(shm_open("/memory", O_RDWR | O_CREAT | O_EXCL, 0600));
    must(ftruncate(memory, 4096));
    char *mapped = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    must(mapped == MAP_FAILED ? -1 : 0);
    mapped[0] = 'x';
    must(shm_unlink("/memory"));
}

static void use_posix_sem(void)
{
    sem_t *semaphore = sem_open("/semaphore", O_CREAT | O_EXCL, 0600, 1);
    must(semaphore == SEM_FAILED ? -1 : 0);
    must(sem_wait(semaphore));
    must(sem_unlink("/semaphore"));
}

static void use_posix_mq(void)
{
    struct mq_attr attributes = { .mq_maxmsg = 2, .mq_msgsize = 16 };
    char text[16] = "hello";
    mqd_t queue = must(mq_open("/queue", O_RDWR | O_CREAT | O_EXCL, 0600, &attributes));
    must(mq_send(queue, text, sizeof text, 0));
    must((int)mq_receive(queue, text, sizeof text, NULL));
    must(mq_unlink("/queue"));
}

static void use_pidfd(void)
{
    pid_t child = must(fork());
    if (child == 0)
        _exit(0);
    struct pollfd ended = { .fd = must((int)syscall(SYS_pidfd_open, child, 0)), .events = POLLIN };
    must(poll(&ended, 1, -1));
    must(waitpid(child, NULL, 0));
}

static void use_epoll(void)
{
    int ends[2];
    struct epoll_event event = { .events = EPOLLIN };
    int set = must(epoll_create1(0));
    must(pipe(ends));
    must(epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &event));
    must((int)write(ends[1], "x", 1));
    must(epoll_wait(set, &event, 1, -1) == 1 ? 0 : -1);
}

static void use_inotify(void)
{
    char events[4096];
    int queue = must(inotify_init());
    must(inotify_add_watch(queue, "/work", IN_CREATE));
    must(close(must(open("/work/new", O_WRONLY | O_CREAT, 0600))));
    must((int)read(queue, events, sizeof events));
}

static void use_timerfd(void)
{
    uint64_t rung;
    struct itimerspec soon = { .it_value.tv_nsec = 1000000 };
    int timer = must(timerfd_create(CLOCK_MONOTONIC, 0));
    must(timerfd_settime(timer, 0, &soon, NULL));
    must((int)read(timer, &rung, sizeof rung));
}

static void use_eventfd(void)
{
    eventfd_t number;
    int event = must(eventfd(0, 0));
    must(eventfd_write(event, 3));
    must(eventfd_read(event, &number));
    must(number == 3 ? 0 : -1);
}

static void use_signalfd(void)
{
    struct signalfd_siginfo received;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    must(sigprocmask(SIG_BLOCK, &set, NULL));
    int signals = must(signalfd(-1, &set, 0));
    must(raise(SIGUSR1));
    must((int)read(signals, &received, sizeof received));
    must(received.ssi_signo == SIGUSR1 ? 0 : -1);
}

static void use_ptrace(void)
{
    int status;
    pid_t child = must(fork());
    if (child == 0) {
        must((int)ptrace(PTRACE_TRACEME, 0, NULL, NULL));
        raise(SIGSTOP);
        _exit(0);
    }
    must(waitpid(child, &status, 0));
    must(WIFSTOPPED(status) ? 0 : -1);
    must((int)ptrace(PTRACE_CONT, child, NULL, NULL));
    must(waitpid(child, &status, 0));
    must(WIFEXITED(status) ? 0 : -1);
}

static void use_fifo(void)
{
    char byte;
    must(mkfifo("/work/fifo", 0600));
    int both = must(open("/work/fifo", O_RDWR));
    must((int)write(both, "x", 1));
    must((int)read(both, &byte, 1));
}

static void use_unix_socket(void)
{
    int pair[2];
    char byte;
    must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    must((int)write(pair[0], "x", 1));
    must((int)read(pair[1], &byte, 1));
}

static const struct {
    const char *name;
    void (*use)(void);
} uses[] = {
    { "fork", use_fork },           { "threads", use_threads },     { "sysv shm", use_sysv_shm },
    { "sysv msg", use_sysv_msg },   { "sysv sem", use_sysv_sem },   { "posix shm", use_posix_shm },
    { "posix sem", use_posix_sem }, { "posix mq", use_posix_mq },   { "pidfd", use_pidfd },
    { "epoll", use_epoll },         { "inotify", use_inotify },     { "timerfd", use_timerfd },
    { "eventfd", use_eventfd },     { "signalfd", use_signalfd },   { "ptrace", use_ptrace },
    { "fifo", use_fifo },           { "unix socket", use_unix_socket },
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 2 && i < sizeof uses / sizeof *uses; i++) {
        if (strcmp(uses[i].name, argv[1]) == 0) {
            uses[i].use();
            return 0;
        }
    }
    return 2;
}
