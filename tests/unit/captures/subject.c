/*
 * Programs of known behaviour, of which the captures in this folder were recorded: `./subject BEHAVIOUR`.
 * Each behaviour is one function, named for what it does.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static char self[] = "./subject";
static int ends[2], other_ends[2];
static char buffer[1 << 12];

static void say_ready(void)
{
    write(1, "ready\n", 6);
}

static void sleep_ms(long milliseconds)
{
    struct timespec time = { milliseconds / 1000, milliseconds % 1000 * 1000000 };
    while (nanosleep(&time, &time) < 0 && errno == EINTR)
        ;
}

static void read_for_ever(int fd)
{
    while (read(fd, buffer, sizeof buffer) > 0)
        ;
}

static void write_for_ever(int fd)
{
    while (write(fd, buffer, sizeof buffer) > 0)
        ;
}

static void exec_true(void)
{
    execl("/bin/true", "true", (char *)NULL);
    _exit(127);
}

static void ring(int number)
{
    (void)number;
    write(ends[1], "x", 1);
}

/* -- waiting: deadlocks and their clean twins ----------------------------------------------------- */

static void reads_own_pipe(void)
{
    pipe(ends);
    read_for_ever(ends[0]);
}

static void reads_own_fifo(void)
{
    mkfifo("fifo", 0600);
    int fd = open("fifo", O_RDWR);
    read_for_ever(fd);
}

static void waits_for_child_that_reads_from_it(void)
{
    pipe(ends);
    if (fork() == 0) {
        close(ends[1]);
        read_for_ever(ends[0]);
        _exit(0);
    }
    close(ends[0]);
    wait(NULL); /* the write end is still open here */
}

static void child_reads_its_own_write_end(void)
{
    pipe(ends);
    if (fork() == 0) {
        read_for_ever(ends[0]);
        _exit(0);
    }
    close(ends[0]);
    close(ends[1]);
    waitpid(-1, NULL, 0);
}

static void both_write_until_full(void)
{
    pipe(ends);
    pipe(other_ends);
    if (fork() == 0) {
        close(ends[0]);
        close(other_ends[1]);
        write_for_ever(ends[1]);
        _exit(0);
    }
    close(ends[1]);
    close(other_ends[0]);
    write_for_ever(other_ends[1]);
}

static void stops_itself(void)
{
    raise(SIGSTOP);
}

static void reads_stdin(void)
{
    read_for_ever(0);
}

static void reads_own_pipe_until_the_alarm(void)
{
    pipe(ends);
    signal(SIGALRM, ring);
    alarm(60);
    read_for_ever(ends[0]);
}

static void reads_own_pipe_until_the_timer(void)
{
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
    struct itimerspec in_a_minute = { .it_value.tv_sec = 60 };
    timer_t timer;
    pipe(ends);
    signal(SIGUSR1, ring);
    timer_create(CLOCK_MONOTONIC, &event, &timer);
    timer_settime(timer, 0, &in_a_minute, NULL);
    read_for_ever(ends[0]);
}

/* The real timer stays armed: each of the three interval timers is its own (getitimer(2)). */
static void reads_own_pipe_after_disarming_another_timer(void)
{
    struct itimerval in_a_minute = { .it_value.tv_sec = 60 }, never = { .it_value.tv_sec = 0 };
    pipe(ends);
    setitimer(ITIMER_REAL, &in_a_minute, NULL);
    setitimer(ITIMER_PROF, &never, NULL);
    read_for_ever(ends[0]);
}

static void reads_own_pipe_after_disarming_the_timer(void)
{
    struct itimerval in_a_minute = { .it_value.tv_sec = 60 }, never = { .it_value.tv_sec = 0 };
    pipe(ends);
    setitimer(ITIMER_REAL, &in_a_minute, NULL);
    setitimer(ITIMER_REAL, &never, NULL);
    read_for_ever(ends[0]);
}

static void reads_from_a_child_that_sleeps(void)
{
    pipe(ends);
    if (fork() == 0) {
        sleep_ms(60000);
        _exit(0);
    }
    close(ends[1]);
    read_for_ever(ends[0]);
}

static void reads_from_a_child_that_computes(void)
{
    pipe(ends);
    if (fork() == 0) {
        for (volatile long i = 0;; i++)
            ;
    }
    close(ends[1]);
    read_for_ever(ends[0]);
}

static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER, right = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t both_hold_one;

static void *lock_right_then_left(void *argument)
{
    (void)argument;
    pthread_mutex_lock(&right);
    pthread_barrier_wait(&both_hold_one);
    pthread_mutex_lock(&left);
    return NULL;
}

static void locks_in_opposite_order(void)
{
    pthread_t thread;
    pthread_barrier_init(&both_hold_one, NULL, 2);
    pthread_create(&thread, NULL, lock_right_then_left, NULL);
    pthread_mutex_lock(&left);
    pthread_barrier_wait(&both_hold_one);
    pthread_mutex_lock(&right);
    pthread_join(thread, NULL);
}

static void opens_a_fifo_that_nobody_else_opens(void)
{
    mkfifo("fifo", 0600);
    open("fifo", O_RDONLY);
}

static void polls(nfds_t count, struct pollfd *wanted)
{
    poll(wanted, count, -1);
}

static void polls_its_own_pipe(void)
{
    pipe(ends);
    polls(1, (struct pollfd[]){ { .fd = ends[0], .events = POLLIN } });
}

static void polls_its_own_pipe_and_stdin(void)
{
    pipe(ends);
    polls(2, (struct pollfd[]){ { .fd = ends[0], .events = POLLIN }, { .fd = 0, .events = POLLIN } });
}

/* The kernel takes the range down to the size of the table, see select(2). */
static void selects_from_the_widest_range(void)
{
    fd_set wanted;
    pipe(ends);
    FD_ZERO(&wanted);
    FD_SET(ends[0], &wanted);
    syscall(SYS_select, 0x7fffffffL, &wanted, NULL, NULL, NULL);
}

/* An epoll set watches the open file, not the number: this one still watches standard input, see epoll(7). */
static void epolls_stdin_by_a_number_that_is_now_a_pipe(void)
{
    int set = epoll_create1(0), copy = dup(0);
    struct epoll_event event = { .events = EPOLLIN, .data.fd = copy };
    epoll_ctl(set, EPOLL_CTL_ADD, copy, &event);
    close(copy);
    pipe(ends);
    epoll_wait(set, &event, 1, -1);
}

/* -- tables --------------------------------------------------------------------------------------- */

static void *pause_in_thread(void *argument)
{
    (void)argument;
    pause();
    return NULL;
}

static void opens_one_of_each(void)
{
    int pair[2];
    prctl(PR_SET_NAME, "a) S (b c");
    pipe2(ends, O_CLOEXEC);                       /* 3, 4 */
    mkfifo("fifo", 0600);
    open("fifo", O_RDWR);                         /* 5 */
    eventfd(7, 0);                                /* 6 */
    eventfd(7, EFD_CLOEXEC);                      /* 7 */
    open("gone", O_CREAT | O_WRONLY, 0600);       /* 8 */
    unlink("gone");
    open("/dev/null", O_RDONLY | O_CLOEXEC);      /* 9 */
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);    /* 10, 11 */
    memfd_create("memory", 0);                    /* 12 */
    epoll_create1(0);                             /* 13 */
    open("/work", O_RDONLY | O_DIRECTORY);        /* 14 */
    open("subject", O_PATH);                      /* 15 */
    dup(4);                                       /* 16 */
    pthread_t thread;
    pthread_create(&thread, NULL, pause_in_thread, NULL);
    pause();
}

static void leader_exits_before_its_thread(void)
{
    pthread_t thread;
    pipe(ends);
    pthread_create(&thread, NULL, pause_in_thread, NULL);
    pthread_exit(NULL);
}

static void keeps_a_zombie(void)
{
    if (fork() == 0)
        _exit(3);
    pause();
}

static void has_every_kind_of_signal(void)
{
    sigset_t blocked;
    signal(SIGTERM, ring);
    signal(SIGHUP, SIG_IGN);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigaddset(&blocked, SIGUSR2);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    raise(SIGUSR2);
    pause();
}

/* -- descriptors ---------------------------------------------------------------------------------- */

static void run_true_in_a_child(void)
{
    if (fork() == 0)
        exec_true();
    wait(NULL);
}

static void leaks_a_file_into_exec(void)
{
    int fd = open("log", O_CREAT | O_WRONLY, 0600);
    run_true_in_a_child();
    close(fd);
}

static void closes_the_file_on_exec(void)
{
    int fd = open("log", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    run_true_in_a_child();
    close(fd);
}

static void leaks_a_pipe_into_exec(void)
{
    pipe(ends);
    int copy = dup(ends[1]);
    run_true_in_a_child();
    close(ends[0]);
    close(ends[1]);
    close(copy);
}

static void leaks_a_file_into_a_failed_exec(void)
{
    int fd = open("log", O_CREAT | O_WRONLY, 0600);
    if (fork() == 0) {
        execl("/work/no-such-program", "no-such-program", (char *)NULL);
        _exit(127);
    }
    wait(NULL);
    close(fd);
}

static void leaks_a_file_into_posix_spawn(void)
{
    char *argv[] = { "true", NULL };
    pid_t pid;
    int fd = open("log", O_CREAT | O_WRONLY, 0600);
    posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ);
    waitpid(pid, NULL, 0);
    close(fd);
}

static void leaks_a_file_into_itself(void)
{
    open("log", O_CREAT | O_WRONLY, 0600);
    execl(self, self, "exits", (char *)NULL);
}

/* The shell opens a script of its own: its descriptors are no fault of the student's. */
static void runs_a_shell_that_leaks(void)
{
    if (fork() == 0) {
        execl("/bin/sh", "sh", "-c", "exec 5>/work/log; /bin/true; exit 0", (char *)NULL);
        _exit(127);
    }
    wait(NULL);
}

static void leaks_a_file_at_exit(void)
{
    open("log", O_CREAT | O_RDWR, 0600);
}

static void closes_the_file_before_exit(void)
{
    close(open("log", O_CREAT | O_RDWR, 0600));
}

static void child_inherits_a_file(void)
{
    int fd = open("log", O_CREAT | O_RDWR, 0600);
    if (fork() == 0)
        exit(0);
    wait(NULL);
    close(fd);
}

static void child_inherits_an_eventfd(void)
{
    int fd = eventfd(0, 0);
    if (fork() == 0)
        exit(0);
    wait(NULL);
    close(fd);
}

static void image_inherits_an_eventfd(void)
{
    if (fork() == 0) {
        eventfd(0, 0);
        execl(self, self, "exits", (char *)NULL);
        _exit(127);
    }
    wait(NULL);
}

static void leaks_an_eventfd_beside_an_inherited_one(void)
{
    int fd = eventfd(0, 0);
    if (fork() == 0) {
        eventfd(0, 0);
        exit(0);
    }
    wait(NULL);
    close(fd);
}

static void child_leaks_a_file_at_exit(void)
{
    if (fork() == 0) {
        open("log", O_CREAT | O_RDWR, 0600);
        exit(0);
    }
    wait(NULL);
}

/* -- processes ------------------------------------------------------------------------------------ */

static void exits(void)
{
}

static void waits_for_its_child(void)
{
    if (fork() == 0)
        _exit(3);
    wait(NULL);
}

static void leaves_a_zombie(void)
{
    siginfo_t info;
    if (fork() == 0)
        _exit(3);
    waitid(P_ALL, 0, &info, WEXITED | WNOWAIT);
}

static void child_ends_right_after_it(void)
{
    if (fork() == 0) {
        sleep_ms(60);
        _exit(0);
    }
}

static void ignores_sigchld(void)
{
    signal(SIGCHLD, SIG_IGN);
    if (fork() == 0) {
        sleep_ms(60);
        _exit(0);
    }
}

static void wants_no_zombies(void)
{
    struct sigaction action = { .sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT };
    sigaction(SIGCHLD, &action, NULL);
    if (fork() == 0) {
        sleep_ms(60);
        _exit(0);
    }
}

static void subreaper_reaps_its_grandchild(void)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    pid_t child = fork();
    if (child == 0) {
        if (fork() == 0) {
            sleep_ms(60);
            _exit(0);
        }
        _exit(0);
    }
    while (wait(NULL) > 0)
        ;
}

static void killed_before_it_can_wait(void)
{
    if (fork() == 0) {
        if (fork() == 0)
            _exit(0);
        sleep_ms(60);
        kill(getpid(), SIGKILL);
    }
    wait(NULL);
}

static void leaves_an_orphan(void)
{
    if (fork() == 0) {
        sleep_ms(60000);
        _exit(0);
    }
}

/* What outlives it is one process that runs and that one's zombie. */
static void leaves_an_orphan_with_a_zombie(void)
{
    pipe(ends);
    if (fork() == 0) {
        siginfo_t info;
        if (fork() == 0)
            _exit(0);
        waitid(P_ALL, 0, &info, WEXITED | WNOWAIT);
        write(ends[1], "x", 1);
        sleep_ms(60000);
        _exit(0);
    }
    read(ends[0], buffer, 1);
    close(ends[0]);
    close(ends[1]);
}

/* -- ends ----------------------------------------------------------------------------------------- */

static void dereferences_null(void)
{
    *(volatile int *)NULL = 1;
}

static void aborts(void)
{
    abort();
}

static void writes_to_a_closed_pipe(void)
{
    pipe(ends);
    close(ends[0]);
    write(ends[1], "x", 1);
}

static void kills_itself(void)
{
    kill(getpid(), SIGTERM);
}

static void kills_its_child_with(int number)
{
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    sleep_ms(30);
    kill(child, number);
    wait(NULL);
}

static void kills_its_child_with_sigkill(void)
{
    kills_its_child_with(SIGKILL);
}

static void kills_its_child_with_sigsegv(void)
{
    kills_its_child_with(SIGSEGV);
}

static void kills_its_child_with_sigxcpu(void)
{
    kills_its_child_with(SIGXCPU);
}

static void child_dereferences_null(void)
{
    if (fork() == 0)
        dereferences_null();
    wait(NULL);
}

static void sigpipe_ends_yes(void)
{
    pipe(ends);
    if (fork() == 0) {
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        execlp("yes", "yes", (char *)NULL);
        _exit(127);
    }
    read(ends[0], buffer, 1);
    close(ends[0]);
    close(ends[1]);
    wait(NULL);
}

static void is_ended_by_its_alarm(void)
{
    alarm(1);
    pause();
}

static void waits_for_a_signal(void)
{
    say_ready();
    pause();
}

static void computes_for_ever(void)
{
    for (volatile long i = 0;; i++)
        ;
}

static void *compute_in_thread(void *argument)
{
    (void)argument;
    computes_for_ever();
    return NULL;
}

static void computes_in_six_threads_and_ignores_sigxcpu(void)
{
    pthread_t thread;
    signal(SIGXCPU, SIG_IGN);
    for (int i = 0; i < 5; i++)
        pthread_create(&thread, NULL, compute_in_thread, NULL);
    computes_for_ever();
}

static void writes_for_ever(void)
{
    write_for_ever(1);
}

static void allocates_for_ever(void)
{
    for (;;)
        memset(malloc(1 << 20), 1, 1 << 20);
}

static void forks_once(void)
{
    if (fork() == 0)
        _exit(0);
    wait(NULL);
}

struct behaviour {
    const char *name;
    void (*run)(void);
};

#define BEHAVIOUR(name) { #name, name }

static const struct behaviour behaviours[] = {
    BEHAVIOUR(reads_own_pipe),
    BEHAVIOUR(reads_own_fifo),
    BEHAVIOUR(waits_for_child_that_reads_from_it),
    BEHAVIOUR(child_reads_its_own_write_end),
    BEHAVIOUR(both_write_until_full),
    BEHAVIOUR(stops_itself),
    BEHAVIOUR(reads_stdin),
    BEHAVIOUR(reads_own_pipe_until_the_alarm),
    BEHAVIOUR(reads_own_pipe_until_the_timer),
    BEHAVIOUR(reads_own_pipe_after_disarming_another_timer),
    BEHAVIOUR(reads_own_pipe_after_disarming_the_timer),
    BEHAVIOUR(reads_from_a_child_that_sleeps),
    BEHAVIOUR(reads_from_a_child_that_computes),
    BEHAVIOUR(locks_in_opposite_order),
    BEHAVIOUR(opens_a_fifo_that_nobody_else_opens),
    BEHAVIOUR(polls_its_own_pipe),
    BEHAVIOUR(polls_its_own_pipe_and_stdin),
    BEHAVIOUR(selects_from_the_widest_range),
    BEHAVIOUR(epolls_stdin_by_a_number_that_is_now_a_pipe),
    BEHAVIOUR(opens_one_of_each),
    BEHAVIOUR(leader_exits_before_its_thread),
    BEHAVIOUR(keeps_a_zombie),
    BEHAVIOUR(has_every_kind_of_signal),
    BEHAVIOUR(leaks_a_file_into_exec),
    BEHAVIOUR(closes_the_file_on_exec),
    BEHAVIOUR(leaks_a_pipe_into_exec),
    BEHAVIOUR(leaks_a_file_into_a_failed_exec),
    BEHAVIOUR(leaks_a_file_into_posix_spawn),
    BEHAVIOUR(leaks_a_file_into_itself),
    BEHAVIOUR(runs_a_shell_that_leaks),
    BEHAVIOUR(leaks_a_file_at_exit),
    BEHAVIOUR(closes_the_file_before_exit),
    BEHAVIOUR(child_inherits_a_file),
    BEHAVIOUR(child_inherits_an_eventfd),
    BEHAVIOUR(image_inherits_an_eventfd),
    BEHAVIOUR(leaks_an_eventfd_beside_an_inherited_one),
    BEHAVIOUR(child_leaks_a_file_at_exit),
    BEHAVIOUR(exits),
    BEHAVIOUR(waits_for_its_child),
    BEHAVIOUR(leaves_a_zombie),
    BEHAVIOUR(child_ends_right_after_it),
    BEHAVIOUR(ignores_sigchld),
    BEHAVIOUR(wants_no_zombies),
    BEHAVIOUR(subreaper_reaps_its_grandchild),
    BEHAVIOUR(killed_before_it_can_wait),
    BEHAVIOUR(leaves_an_orphan),
    BEHAVIOUR(leaves_an_orphan_with_a_zombie),
    BEHAVIOUR(dereferences_null),
    BEHAVIOUR(aborts),
    BEHAVIOUR(writes_to_a_closed_pipe),
    BEHAVIOUR(kills_itself),
    BEHAVIOUR(kills_its_child_with_sigkill),
    BEHAVIOUR(kills_its_child_with_sigsegv),
    BEHAVIOUR(kills_its_child_with_sigxcpu),
    BEHAVIOUR(child_dereferences_null),
    BEHAVIOUR(sigpipe_ends_yes),
    BEHAVIOUR(is_ended_by_its_alarm),
    BEHAVIOUR(waits_for_a_signal),
    BEHAVIOUR(computes_for_ever),
    BEHAVIOUR(computes_in_six_threads_and_ignores_sigxcpu),
    BEHAVIOUR(writes_for_ever),
    BEHAVIOUR(allocates_for_ever),
    BEHAVIOUR(forks_once),
};

int main(int argc, char *argv[])
{
    for (size_t i = 0; argc == 2 && i < sizeof behaviours / sizeof *behaviours; i++)
        if (strcmp(argv[1], behaviours[i].name) == 0) {
            behaviours[i].run();
            return 0;
        }
    fprintf(stderr, "usage: %s BEHAVIOUR\n", argv[0]);
    return 2;
}
