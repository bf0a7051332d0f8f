"""Waits of every sort: proven deadlocks, and twins in which something is still to come."""

import re

import pytest
from workshop import LIMITS, PATIENCE, Workshop

from grader.checks import Run
from grader.findings import FindingKind
from grader.spec import Limits
from sandbox.session import Session
from sandbox.wire import Facts

DEADLOCKS = {
    "a pipe kept open by its reader": """
        int main(void) {
            int ends[2];
            must(pipe(ends));
            pid_t child = must(fork());
            if (child == 0) {
                char byte;
                return (int)read(ends[0], &byte, 1);
            }
            close(ends[0]);
            close(ends[1]);
            must(waitpid(child, NULL, 0));
            return 0;
        }""",
    "full pipes both ways": """
        static char much[1 << 20];
        int main(void) {
            int to_child[2], to_parent[2];
            must(pipe(to_child));
            must(pipe(to_parent));
            bool child = must(fork()) == 0;
            close(child ? to_child[1] : to_child[0]);
            close(child ? to_parent[0] : to_parent[1]);
            must((int)write(child ? to_parent[1] : to_child[1], much, sizeof much));
            must((int)read(child ? to_child[0] : to_parent[0], much, sizeof much));
            return 0;
        }""",
    "a parent that waits for the reader of its own pipe": """
        int main(void) {
            int ends[2];
            must(pipe(ends));
            pid_t child = must(fork());
            if (child == 0) {
                char byte;
                close(ends[1]);
                return (int)read(ends[0], &byte, 1);
            }
            close(ends[0]);
            must(waitpid(child, NULL, 0));
            return close(ends[1]);
        }""",
    "a process that reads from itself": """
        int main(void) {
            int ends[2];
            char byte;
            must(pipe(ends));
            return (int)read(ends[0], &byte, 1);
        }""",
    "a child that waits for the writer it blocks": """
        static char much[1 << 20];
        int main(void) {
            int ends[2];
            must(pipe(ends));
            pid_t child = must(fork());
            if (child == 0) {
                close(ends[0]);
                must((int)write(ends[1], much, sizeof much));
                return 0;
            }
            must(waitpid(child, NULL, 0));
            must((int)read(ends[0], much, sizeof much));
            return 0;
        }""",
    "two mutexes in opposite order": """
        static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER, right = PTHREAD_MUTEX_INITIALIZER;
        static pthread_barrier_t both;
        static void *right_first(void *argument) {
            pthread_mutex_lock(&right);
            pthread_barrier_wait(&both);
            pthread_mutex_lock(&left);
            return argument;
        }
        int main(void) {
            pthread_t thread;
            pthread_barrier_init(&both, NULL, 2);
            must(-pthread_create(&thread, NULL, right_first, NULL));
            pthread_mutex_lock(&left);
            pthread_barrier_wait(&both);
            pthread_mutex_lock(&right);
            return 0;
        }""",
    "a mutex locked twice": """
        int main(void) {
            pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
            pthread_mutex_lock(&mutex);
            return pthread_mutex_lock(&mutex);
        }""",
    "a semaphore that nobody posts": """
        int main(void) {
            sem_t semaphore;
            sem_init(&semaphore, 0, 0);
            return sem_wait(&semaphore);
        }""",
    "a condition that was signalled too early": """
        int main(void) {
            pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
            pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
            pthread_cond_signal(&condition);
            pthread_mutex_lock(&mutex);
            return pthread_cond_wait(&condition, &mutex);
        }""",
    "a barrier for one more than there are": """
        int main(void) {
            pthread_barrier_t barrier;
            pthread_barrier_init(&barrier, NULL, 2);
            return pthread_barrier_wait(&barrier);
        }""",
    "a thread that is joined by whom it joins": """
        static pthread_t first;
        static void *join(void *argument) { pthread_join(first, NULL); return argument; }
        int main(void) {
            pthread_t thread;
            first = pthread_self();
            must(-pthread_create(&thread, NULL, join, NULL));
            return pthread_join(thread, NULL);
        }""",
    "a FIFO that nobody else opens": """
        int main(void) {
            must(mkfifo("fifo", 0600));
            return open("fifo", O_RDONLY);
        }""",
    "two FIFOs opened in opposite order": """
        int main(void) {
            must(mkfifo("one", 0600));
            must(mkfifo("other", 0600));
            bool child = must(fork()) == 0;
            must(open(child ? "one" : "other", O_RDONLY));
            must(open(child ? "other" : "one", O_WRONLY));
            wait_for_all();
            return 0;
        }""",
    "an eventfd that nobody writes to": """
        int main(void) {
            eventfd_t number;
            return eventfd_read(must(eventfd(0, 0)), &number);
        }""",
    "two eventfds, each watched by the thread that writes to the other": """
        static int events[2];
        static void *work(void *which) {
            int mine = which ? 1 : 0, epoll = must(epoll_create1(0));
            struct epoll_event event = { .events = EPOLLIN };
            must(epoll_ctl(epoll, EPOLL_CTL_ADD, events[mine], &event));
            must(epoll_wait(epoll, &event, 1, -1));
            eventfd_write(events[!mine], 1);
            return NULL;
        }
        int main(void) {
            pthread_t thread;
            events[0] = must(eventfd(0, 0));
            events[1] = must(eventfd(0, 0));
            must(-pthread_create(&thread, NULL, work, NULL));
            work(events);
            return 0;
        }""",
    "a pipe that an epoll instance within another watches": """
        int main(void) {
            int ends[2], inner = must(epoll_create1(0)), outer = must(epoll_create1(0));
            struct epoll_event event = { .events = EPOLLIN };
            must(pipe(ends));
            must(epoll_ctl(inner, EPOLL_CTL_ADD, ends[0], &event));
            must(epoll_ctl(outer, EPOLL_CTL_ADD, inner, &event));
            return epoll_wait(outer, &event, 1, -1);
        }""",
    "a pipe polled in an array that is not on the stack": """
        static struct pollfd polled = { .events = POLLIN };
        int main(void) {
            int ends[2];
            must(pipe(ends));
            polled.fd = ends[0];
            return poll(&polled, 1, -1);
        }""",
    "a child that is waited for by its pidfd": """
        int main(void) {
            int ends[2];
            must(pipe(ends));
            pid_t child = must(fork());
            if (child == 0) {
                char byte;
                return (int)read(ends[0], &byte, 1);
            }
            struct pollfd ended = { .fd = must((int)syscall(SYS_pidfd_open, child, 0)), .events = POLLIN };
            must(poll(&ended, 1, -1));
            must((int)write(ends[1], "x", 1));
            return 0;
        }""",
    "a watch of epoll that is not switched on again": """
        int main(void) {
            int ends[2], epoll = must(epoll_create1(0));
            char byte;
            struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT };
            must(pipe(ends));
            must(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event));
            for (int i = 0; i < 2; i++) {
                must((int)write(ends[1], "x", 1));
                must(epoll_wait(epoll, &event, 1, -1));
                must((int)read(ends[0], &byte, 1));
            }
            return 0;
        }""",
    "several messages that nobody sends": """
        int main(void) {
            int pair[2];
            char byte[2];
            struct iovec part[] = { { &byte[0], 1 }, { &byte[1], 1 } };
            struct mmsghdr messages[] = { { .msg_hdr = { .msg_iov = &part[0], .msg_iovlen = 1 } },
                                          { .msg_hdr = { .msg_iov = &part[1], .msg_iovlen = 1 } } };
            must(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
            return recvmmsg(pair[0], messages, 2, 0, NULL);
        }""",
    "a timer that was never set": """
        int main(void) {
            uint64_t number;
            return (int)read(must(timerfd_create(CLOCK_MONOTONIC, 0)), &number, sizeof number);
        }""",
    "a message queue that nobody sends to": """
        int main(void) {
            struct { long type; char text[8]; } message;
            return (int)msgrcv(must(msgget(IPC_PRIVATE, 0600)), &message, 8, 0, 0);
        }""",
    "a System V semaphore that nobody raises": """
        int main(void) {
            struct sembuf down = { 0, -1, 0 };
            return semop(must(semget(IPC_PRIVATE, 1, 0600)), &down, 1);
        }""",
    "a POSIX queue that nobody sends to": """
        int main(void) {
            char text[8192];
            return (int)mq_receive(must(mq_open("/queue", O_RDWR | O_CREAT, 0600, NULL)), text, sizeof text, NULL);
        }""",
    "a socket whose peer waits, too": """
        int main(void) {
            int pair[2];
            char byte;
            must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
            bool child = must(fork()) == 0;
            close(pair[child]);
            must((int)read(pair[!child], &byte, 1));
            wait_for_all();
            return 0;
        }""",
    "a poll of one's own pipe": """
        int main(void) {
            int ends[2];
            must(pipe(ends));
            struct pollfd polled = { .fd = ends[0], .events = POLLIN };
            return poll(&polled, 1, -1);
        }""",
    "a select of one's own pipe": """
        int main(void) {
            int ends[2];
            must(pipe(ends));
            fd_set set;
            FD_ZERO(&set);
            FD_SET(ends[0], &set);
            return select(ends[0] + 1, &set, NULL, NULL, NULL);
        }""",
    "an epoll of one's own pipe": """
        int main(void) {
            int ends[2], set = must(epoll_create1(0));
            must(pipe(ends));
            struct epoll_event event = { .events = EPOLLIN };
            must(epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &event));
            return epoll_wait(set, &event, 1, -1);
        }""",
    "a wait by pidfd for one child while another has ended": """
        int main(void) {
            int ends[2];
            siginfo_t info;
            must(pipe(ends));
            pid_t ended = must(fork());
            if (ended == 0)
                return 0;
            await_end_of(ended);
            pid_t child = must(fork());
            if (child == 0) {
                char byte;
                close(ends[1]);
                return (int)read(ends[0], &byte, 1);
            }
            close(ends[0]);
            must(waitid(P_PIDFD, (id_t)must((int)syscall(SYS_pidfd_open, child, 0)), &info, WEXITED));
            close(ends[1]);
            return 0;
        }""",
    "two files locked in opposite order": """
        int main(void) {
            int together[2];
            char byte;
            must(socketpair(AF_UNIX, SOCK_STREAM, 0, together));
            bool child = must(fork()) == 0;
            int one = must(open("one", O_RDWR | O_CREAT, 0600)), other = must(open("other", O_RDWR | O_CREAT, 0600));
            must(flock(child ? one : other, LOCK_EX));
            must((int)write(together[child], "x", 1));
            must((int)read(together[child], &byte, 1));
            must(flock(child ? other : one, LOCK_EX));
            wait_for_all();
            return 0;
        }""",
    "after an alarm that rang and helped nothing": """
        static void ring(int number) { (void)number; }
        int main(void) {
            int ends[2];
            char byte;
            struct sigaction action = { .sa_handler = ring, .sa_flags = SA_RESTART };
            must(sigaction(SIGALRM, &action, NULL));
            must(pipe(ends));
            ualarm(50000, 0);
            struct timespec nap = { .tv_nsec = 200000000 };
            while (nanosleep(&nap, &nap) != 0)
                ;
            signal(SIGALRM, SIG_DFL);
            return (int)read(ends[0], &byte, 1);
        }""",
}

TIMED = {
    "pthread_cond_timedwait": """
        pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
        pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
        pthread_mutex_lock(&mutex);
        pthread_cond_timedwait(&condition, &mutex, &soon);""",
    "pthread_mutex_timedlock": """
        pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
        pthread_mutex_lock(&mutex);
        pthread_mutex_timedlock(&mutex, &soon);""",
    "sem_timedwait": "sem_t semaphore; sem_init(&semaphore, 0, 0); sem_timedwait(&semaphore, &soon);",
    "poll": "poll(NULL, 0, 300);",
    "ppoll": "struct pollfd polled = { .fd = ends[0], .events = POLLIN }; ppoll(&polled, 1, &third, NULL);",
    "select": "select(0, NULL, NULL, NULL, &(struct timeval){ .tv_usec = 300000 });",
    "pselect": """
        fd_set set;
        FD_ZERO(&set);
        FD_SET(ends[0], &set);
        pselect(ends[0] + 1, &set, NULL, NULL, &third, NULL);""",
    "epoll_wait": """
        int set = must(epoll_create1(0));
        struct epoll_event event;
        must(epoll_wait(set, &event, 1, 300));
        close(set);""",
    "timerfd": """
        int timer = must(timerfd_create(CLOCK_MONOTONIC, 0));
        uint64_t rung;
        must(timerfd_settime(timer, 0, &(struct itimerspec){ .it_value = third }, NULL));
        must((int)read(timer, &rung, sizeof rung));
        close(timer);""",
    "a socket with a time limit": """
        int pair[2];
        char byte;
        must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
        must(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){ .tv_usec = 300000 }, sizeof third));
        must(read(pair[0], &byte, 1) == -1 ? 0 : -1);
        close(pair[0]);
        close(pair[1]);""",
    "mq_timedreceive": """
        char text[8192];
        int queue = must(mq_open("/queue", O_RDWR | O_CREAT, 0600, NULL));
        must(mq_timedreceive(queue, text, sizeof text, NULL, &soon) == -1 ? 0 : -1);
        close(queue);""",
    "semtimedop": """
        struct sembuf down = { 0, -1, 0 };
        must(semtimedop(must(semget(IPC_PRIVATE, 1, 0600)), &down, 1, &third) == -1 ? 0 : -1);""",
    "sigtimedwait": """
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGUSR1);
        sigprocmask(SIG_BLOCK, &set, NULL);
        sigtimedwait(&set, NULL, &third);""",
    "a nap that was stopped and went on": """
        pid_t child = fork();
        if (child == 0) {
            clock_nanosleep(CLOCK_MONOTONIC, 0, &third, NULL);
            _exit(0);
        }
        usleep(50000);
        kill(child, SIGSTOP);
        kill(child, SIGCONT);
        waitpid(child, NULL, 0);""",
    "a timer of its parent": """
        pid_t child = fork();
        if (child == 0)
            _exit((int)read(ends[0], ends, 1));
        int timer = must(timerfd_create(CLOCK_MONOTONIC, 0));
        uint64_t rung;
        must(timerfd_settime(timer, 0, &(struct itimerspec){ .it_value = third }, NULL));
        must((int)read(timer, &rung, sizeof rung));
        close(timer);
        kill(child, SIGTERM);
        waitpid(child, NULL, 0);""",
}

WORKER = """
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static pthread_barrier_t begun;
    static sem_t semaphore;
    static int event;
    static void *help(void *argument) {{
        pthread_mutex_lock(&lock);
        pthread_barrier_wait(&begun);
        while (clock() < CLOCKS_PER_SEC / 4)
            ;
        pthread_mutex_unlock(&lock);
        sem_post(&semaphore);
        eventfd_write(event, 1);
        close(must(open("fifo", O_WRONLY | O_NONBLOCK | ({fifo} ? 0 : O_CREAT), 0600)));
        return argument;
    }}
    int main(void) {{
        pthread_t helper;
        eventfd_t number;
        event = must(eventfd(0, 0));
        must(sem_init(&semaphore, 0, 0));
        must(-pthread_barrier_init(&begun, NULL, 2));
        if ({fifo})
            must(mkfifo("fifo", 0600));
        must(-pthread_create(&helper, NULL, help, NULL));
        pthread_barrier_wait(&begun);
        {wait}
        must(-pthread_join(helper, NULL));
        return close(event) + (int)(number = 0);
    }}"""
"""A thread that computes for a while and then does what another waits for."""

HELPED = {
    "a mutex": "pthread_mutex_lock(&lock);",
    "a semaphore": "sem_wait(&semaphore);",
    "an eventfd": "eventfd_read(event, &number);",
    "its end": "",
    "a poll": "poll(&(struct pollfd){ .fd = event, .events = POLLIN }, 1, -1);",
    "a FIFO": 'close(must(open("fifo", O_RDONLY)));',
}


def is_clean(run: Run) -> bool:
    """Whether the run ended with 0 and nothing is to be said against it."""
    assert run.findings() == (), run.findings()
    assert run.exit_code == 0, run.stderr
    return True


@pytest.mark.parametrize("source", DEADLOCKS.values(), ids=DEADLOCKS)
def test_a_deadlock_is_proven(workshop: Workshop, source: str) -> None:
    run = workshop.run(source, limits=Limits(time_seconds=5.0))
    assert [finding.kind for finding in run.findings()][:1] == [FindingKind.DEADLOCK], run.findings()
    assert not run.findings("timeout")
    assert run.exit_code is None


@pytest.mark.parametrize("wait", TIMED.values(), ids=TIMED)
def test_a_wait_with_a_time_limit_is_no_deadlock(workshop: Workshop, wait: str) -> None:
    assert is_clean(
        workshop.run(f"""
        int main(void) {{
            int ends[2];
            struct timespec third = {{ .tv_nsec = 300000000 }}, soon;
            clock_gettime(CLOCK_REALTIME, &soon);
            soon.tv_nsec += third.tv_nsec;
            soon.tv_sec += soon.tv_nsec / 1000000000;
            soon.tv_nsec %= 1000000000;
            must(pipe(ends));
            {wait}
            close(ends[0]);
            close(ends[1]);
            return 0;
        }}""")
    )


@pytest.mark.parametrize("what", HELPED)
def test_a_wait_for_a_thread_that_computes_is_no_deadlock(workshop: Workshop, what: str) -> None:
    run = workshop.run(WORKER.format(wait=HELPED[what], fifo=int(what == "a FIFO")))
    assert is_clean(run)


@pytest.mark.parametrize("kept", [(), ("kept",)], ids=["the only one", "one of two"])
def test_a_descriptor_on_its_way_through_a_socket_is_no_deadlock(workshop: Workshop, kept: tuple[str, ...]) -> None:
    """The write end of the pipe that will be used is in no table while the child that will get it sleeps."""
    program = workshop.program("""
        int main(int argc, char **argv) {
            (void)argv;
            int pair[2], ends[2];
            char byte = 'x', control[CMSG_SPACE(sizeof(int))] = { 0 };
            struct iovec part = { &byte, 1 };
            struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
                                      .msg_controllen = sizeof control };
            must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
            if (must(fork()) == 0) {
                close(pair[0]);
                usleep(300000);
                must((int)recvmsg(pair[1], &message, 0));
                close(pair[1]);
                int got;
                memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof got);
                must((int)write(got, "x", 1));
                close(got);
                return 0;
            }
            close(pair[1]);
            must(pipe(ends));
            struct cmsghdr *header = CMSG_FIRSTHDR(&message);
            header->cmsg_level = SOL_SOCKET;
            header->cmsg_type = SCM_RIGHTS;
            header->cmsg_len = CMSG_LEN(sizeof(int));
            memcpy(CMSG_DATA(header), &ends[1], sizeof(int));
            must((int)sendmsg(pair[0], &message, 0));
            if (argc == 1)
                close(ends[1]);
            must((int)read(ends[0], &byte, 1));
            if (argc > 1)
                close(ends[1]);
            close(ends[0]);
            close(pair[0]);
            wait_for_all();
            return 0;
        }""")
    assert is_clean(program.run(*kept))


HANDLED = {
    "its own": """
        static int ends[2];
        static void help(int number) { (void)number; must((int)write(ends[1], "x", 1)); }
        int main(void) {
            char byte;
            must(pipe(ends));
            signal(SIGTERM, help);
            say("ready");
            must((int)read(ends[0], &byte, 1));
            close(ends[0]);
            return close(ends[1]);
        }""",
    "its parent's": """
        static int ends[2];
        static void help(int number) { (void)number; must((int)write(ends[1], "x", 1)); }
        int main(void) {
            must(pipe(ends));
            if (must(fork()) == 0) {
                char byte;
                close(ends[1]);
                return read(ends[0], &byte, 1) != 1;
            }
            signal(SIGTERM, help);
            say("ready");
            wait_for_all();
            close(ends[0]);
            return close(ends[1]);
        }""",
}


@pytest.mark.parametrize("source", HANDLED.values(), ids=HANDLED)
def test_a_wait_that_a_signal_handler_could_end_is_no_deadlock(workshop: Workshop, source: str) -> None:
    with workshop.program(source).start() as process:
        process.expect(b"ready\n")
        process.settle()
        run = process.wait(within=0.3)
    assert [finding.kind for finding in run.findings()] == [FindingKind.TIMEOUT]


def test_a_program_that_the_check_has_stopped_is_not_deadlocked(workshop: Workshop) -> None:
    program = workshop.program("""int main(void) { say("ready"); getchar(); say("on"); return 0; }""")
    with program.start() as process:
        process.expect(b"ready\n")
        process.send_signal("SIGSTOP")
        process.wait_until(lambda view: view.root.state == "stopped")
        process.send(b"go\n")
        with pytest.raises(AssertionError, match="it did not do so in time"):
            process.expect(b"on\n", within=0.3)
        process.send_signal("SIGCONT")
        process.expect(b"on\n")
        assert process.wait().exit_code == 0


def test_a_deadlock_names_the_cycle(workshop: Workshop) -> None:
    run = workshop.run(DEADLOCKS["a parent that waits for the reader of its own pipe"])
    (deadlock,) = run.findings("deadlock")
    assert "waits for its child `program`" in deadlock.message
    assert "reads from pipe" in deadlock.message
    assert re.search(r"the only open write end .*is fd 4 of `program`", deadlock.message)


TOLD = {
    "who has the lock of a file, not who took it": (
        """
        int main(void) {
            int file = must(open("l", O_RDWR | O_CREAT, 0600));
            must(flock(file, LOCK_EX));
            if (must(fork()) == 0) {
                usleep(20000);
                int again = must(open("l", O_RDWR));
                return must(flock(again, LOCK_EX));
            }
            close(file);
            wait_for_all();
            return 0;
        }""",
        r"waits for the lock of /work/l \(flock, fd 4\); it is held through its own fd 3\.",
    ),
    "who has the record that is waited for, of several": (
        """
        static void lock(int file, int record) {
            struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = record, .l_len = 1 };
            must(fcntl(file, F_SETLKW, &lock));
        }
        int main(void) {
            int file = must(open("l", O_RDWR | O_CREAT, 0600));
            lock(file, 1);
            pid_t child = must(fork());
            if (child == 0) {
                lock(file, 5);
                lock(file, 1);
                return 0;
            }
            must(waitpid(child, NULL, 0));
            return 0;
        }""",
        r"it is held through fd 3 of `program` \(pid \d+\)\.",
    ),
    "that nobody else has an eventfd": (
        """
        int main(void) {
            uint64_t count;
            int events = must(eventfd(0, 0));
            return read(events, &count, sizeof count) != sizeof count;
        }""",
        r"whose counter is zero; no other process has it open\.",
    ),
    "that tee waits for room, where what it reads from is full": (
        """
        static char much[1 << 20];
        int main(void) {
            int full[2], copy[2];
            must(pipe(full));
            must(pipe(copy));
            pid_t writer = must(fork());
            if (writer == 0) {
                close(full[0]);
                return (int)write(full[1], much, sizeof much);
            }
            if (must(fork()) == 0) {
                close(full[1]);
                while (tee(full[0], copy[1], sizeof much, 0) > 0)
                    ;
                return 0;
            }
            close(full[0]);
            close(full[1]);
            wait_for_all();
            return 0;
        }""",
        r"writes to pipe (\d+) \(fd 4\), which is full.* writes to pipe (?!\1)\d+ \(fd 6\), which is full",
    ),
    "whom a socket waits to connect": (
        """
        #include <sys/un.h>
        int main(void) {
            struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "s" };
            int listener = must(socket(AF_UNIX, SOCK_STREAM, 0));
            must(bind(listener, (struct sockaddr *)&name, sizeof name));
            must(listen(listener, 1));
            return accept(listener, NULL, NULL);
        }""",
        r"waits for somebody to connect to socket:",
    ),
    "that what is left of an event is not told of again": (
        """
        int main(void) {
            int ends[2], epoll = must(epoll_create1(0));
            char byte;
            struct epoll_event event = { .events = EPOLLIN | EPOLLET };
            must(pipe(ends));
            must(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event));
            must((int)write(ends[1], "two", 2));
            for (int i = 0; i < 2; i++) {
                must(epoll_wait(epoll, &event, 1, -1));
                must((int)read(ends[0], &byte, 1));
            }
            return 0;
        }""",
        r"is pipe:\[\d+\], told of only when something new comes \(EPOLLET\): the only open write end is its own",
    ),
    "that select is not asked for the highest descriptor": (
        """
        int main(void) {
            int ends[2];
            fd_set set;
            must(pipe(ends));
            must((int)write(ends[1], "x", 1));
            FD_ZERO(&set);
            FD_SET(ends[0], &set);
            return select(ends[0], &set, NULL, NULL, NULL);
        }""",
        r"waits in select for no descriptor at all; it does not look at fd 3, as its first argument, 3, is too small\.",
    ),
    "that select is asked for some of its descriptors": (
        """
        int main(void) {
            int ends[2], more[2];
            fd_set set;
            must(pipe(ends));
            must(pipe(more));
            must((int)write(more[1], "x", 1));
            FD_ZERO(&set);
            FD_SET(ends[0], &set);
            FD_SET(more[0], &set);
            return select(more[0], &set, NULL, NULL, NULL);
        }""",
        r"waits in select for fd 3; .*it does not look at fd 5, as its first argument, 5, is too small\.",
    ),
    "that nothing is left to poll": (
        """
        int main(void) {
            struct pollfd polled[2] = { { .fd = -1, .events = POLLIN }, { .fd = -1, .events = POLLIN } };
            return poll(polled, 2, -1);
        }""",
        r"waits in poll for no descriptor at all; each of its entries has a negative number\.",
    ),
    "that an epoll instance watches nothing any more": (
        """
        int main(void) {
            int ends[2], epoll = must(epoll_create1(0));
            struct epoll_event event = { .events = EPOLLIN };
            must(pipe(ends));
            must(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event));
            close(ends[0]);
            return epoll_wait(epoll, &event, 1, -1);
        }""",
        r"waits in epoll_wait, and epoll fd 3 watches nothing; nobody goes on who could add a descriptor to it\.",
    ),
    "that who could send datagrams is gone, which is no end of them": (
        """
        int main(void) {
            int pair[2];
            char byte;
            must(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
            close(pair[1]);
            return (int)recv(pair[0], &byte, 1, 0);
        }""",
        r"waits to receive from socket:\[\d+\] \(fd 3\); nobody is left who could send to it\.",
    ),
    "which type of message is waited for": (
        """
        int main(void) {
            struct { long type; char text[8]; } message = { .type = 7 };
            int queue = must(msgget(IPC_PRIVATE, 0600));
            must(msgsnd(queue, &message, 8, 0));
            return (int)msgrcv(queue, &message, 8, 9, 0);
        }""",
        r"waits for a message of type 9 in queue \d+; nobody is left who could send one\.",
    ),
    "that nobody is left to post a semaphore that processes share": (
        """
        int main(void) {
            sem_t semaphore;
            must(sem_init(&semaphore, 1, 0));
            return sem_wait(&semaphore);
        }""",
        r"no thread is left that could wake it\.",
    ),
    "that fork has copied a lock and not its owner": (
        """
        static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
        static pthread_barrier_t both;
        static pid_t child;
        static void *hold(void *argument) {
            pthread_mutex_lock(&mutex);
            pthread_barrier_wait(&both);
            pthread_barrier_wait(&both);
            must(waitpid(child, NULL, 0));
            pthread_mutex_unlock(&mutex);
            return argument;
        }
        int main(void) {
            pthread_t holder;
            pthread_barrier_init(&both, NULL, 2);
            must(-pthread_create(&holder, NULL, hold, NULL));
            pthread_barrier_wait(&both);
            child = must(fork());
            if (child == 0)
                return pthread_mutex_lock(&mutex);
            pthread_barrier_wait(&both);
            return pthread_join(holder, NULL);
        }""",
        r"waits for the mutex .+, a copy of one that thread \d+ of `program` \(pid \d+\) held at the fork",
    ),
    "that a lock in shared memory is not made to be shared": (
        """
        int main(void) {
            pthread_mutex_t *mutex = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
            pthread_mutex_init(mutex, NULL);
            pid_t child = must(fork());
            if (child == 0) {
                while (pthread_mutex_trylock(mutex) == 0) {
                    pthread_mutex_unlock(mutex);
                    sched_yield();
                }
                return pthread_mutex_lock(mutex);
            }
            pthread_mutex_lock(mutex);
            return waitpid(child, NULL, 0);
        }""",
        r"waits for the mutex .+, which `program` \(pid \d+\) holds, but which is not made to be shared",
    ),
    "a barrier of processes, not a mutex, in its second round": (
        """
        int main(void) {
            pthread_barrier_t *barrier = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
            pthread_barrierattr_t shared;
            pthread_barrierattr_init(&shared);
            pthread_barrierattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
            pthread_barrier_init(barrier, &shared, 2);
            pid_t child = must(fork());
            pthread_barrier_wait(barrier);
            if (child == 0)
                return pthread_barrier_wait(barrier);
            return waitpid(child, NULL, 0);
        }""",
        r"waits for a lock, semaphore, condition variable or barrier; every thread that could wake it waits itself",
    ),
    "how much a pipe has no room for": (
        """
        int main(void) {
            static char block[3000];
            int ends[2];
            must(pipe(ends));
            for (;;)
                must((int)write(ends[1], block, sizeof block));
        }""",
        r"writes to pipe \d+ \(fd 4\), which has no room for 3000 bytes; the only open read end is its own fd 3",
    ),
    "for what a child is waited": (
        """
        int main(void) {
            siginfo_t info;
            pid_t child = must(fork());
            if (child == 0)
                return raise(SIGSTOP);
            must(waitid(P_PID, (id_t)child, &info, WSTOPPED));
            return waitid(P_PID, (id_t)child, &info, WCONTINUED);
        }""",
        r"waits for its child `program` \(pid \d+\) to go on\.",
    ),
    "whose end a pidfd tells": (
        """
        int main(void) {
            struct pollfd own = { .fd = must((int)syscall(SYS_pidfd_open, getpid(), 0)), .events = POLLIN };
            return poll(&own, 1, -1);
        }""",
        r"waits in poll for fd 3; fd 3 is anon_inode:\[pidfd\]: `program` \(pid \d+\) has not ended\.",
    ),
    "which thread is the first": (
        """
        static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
        static void *work(void *argument) { pthread_mutex_lock(&mutex); return argument; }
        int main(void) {
            pthread_t thread;
            pthread_mutex_lock(&mutex);
            pthread_create(&thread, NULL, work, NULL);
            return pthread_join(thread, NULL);
        }""",
        r"the main thread of `program` \(pid \d+\) waits for thread \d+ to end",
    ),
}


@pytest.mark.parametrize(("source", "told"), TOLD.values(), ids=TOLD)
def test_a_deadlock_tells(workshop: Workshop, source: str, told: str) -> None:
    (deadlock,) = workshop.run(source).findings("deadlock")
    assert re.search(told, deadlock.message), deadlock.message


NAMED = {
    "mutex in a struct in an array": (
        """
        static struct account { int id; long balance; pthread_mutex_t lock; } bank[4];
        int main(void) {
            for (int i = 0; i < 4; i++)
                must(-pthread_mutex_init(&bank[i].lock, NULL));
            pthread_mutex_lock(&bank[1].lock);
            return pthread_mutex_lock(&bank[1].lock);
        }""",
        r"waits for the mutex `bank\[1\]\.lock`, which it holds itself\.",
    ),
    "condition in a local struct": (
        """
        int main(void) {
            static struct { int length; pthread_mutex_t lock; pthread_cond_t not_full, not_empty; } queue[2];
            pthread_mutex_lock(&queue[1].lock);
            return pthread_cond_wait(&queue[1].not_empty, &queue[1].lock);
        }""",
        r"waits for the condition variable `queue\[1\]\.not_empty`; no thread is left",
    ),
    "lock in an array of arrays": (
        """
        static pthread_rwlock_t locks[2][3];
        int main(void) {
            pthread_rwlock_init(&locks[1][2], NULL);
            pthread_rwlock_rdlock(&locks[1][2]);
            return pthread_rwlock_wrlock(&locks[1][2]);
        }""",
        r"waits for the read-write lock `locks\[1\]\[2\]`;",
    ),
    "futex of its own": (
        """
        #include <linux/futex.h>
        #include <stdatomic.h>
        static atomic_int word = 2;
        int main(void) { return (int)syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 2, NULL); }""",
        r"waits for the futex `word`; no thread is left",
    ),
}


@pytest.mark.parametrize("what", NAMED)
def test_a_deadlock_names_the_variable_and_what_it_is(workshop: Workshop, what: str) -> None:
    source, told = NAMED[what]
    (deadlock,) = workshop.kept_program(source, what.replace(" ", "_")).run().findings("deadlock")
    assert re.search(told, deadlock.message), deadlock.message


def test_a_process_that_vfork_has_suspended_is_not_said_to_run(workshop: Workshop) -> None:
    run = workshop.program("""
        int main(void) {
            int ends[2];
            char byte;
            must(pipe(ends));
            if (vfork() == 0)
                _exit((int)read(ends[0], &byte, 1));
            return 0;
        }""").run(timeout=0.5)
    (timeout,) = run.findings("timeout")
    assert "waits until its vfork child executes a program or ends" in timeout.message


def test_a_deadlock_is_claimed_at_once_not_at_the_time_limit(workshop: Workshop) -> None:
    program = workshop.program(DEADLOCKS["a process that reads from itself"])
    runs = [program.run() for _ in range(5)]
    assert all(run.findings("deadlock") for run in runs)
    assert max(run.duration_seconds for run in runs) < LIMITS.time_seconds / 2


STILL_TO_COME = {
    "an alarm ends the wait": """
        static void ring(int number) { (void)number; }
        int main(void) {
            int ends[2];
            char byte;
            struct sigaction action = { .sa_handler = ring };
            must(sigaction(SIGALRM, &action, NULL));
            must(pipe2(ends, O_CLOEXEC));
            alarm(1);
            bool interrupted = read(ends[0], &byte, 1) == -1 && errno == EINTR;
            close(ends[0]);
            close(ends[1]);
            return !interrupted;
        }""",
    "an interval timer ends the wait": """
        static void ring(int number) { (void)number; }
        int main(void) {
            int ends[2];
            char byte;
            struct sigaction action = { .sa_handler = ring };
            must(sigaction(SIGALRM, &action, NULL));
            must(pipe2(ends, O_CLOEXEC));
            struct itimerval soon = { .it_value.tv_usec = 300000 };
            must(setitimer(ITIMER_REAL, &soon, NULL));
            bool interrupted = read(ends[0], &byte, 1) == -1 && errno == EINTR;
            close(ends[0]);
            close(ends[1]);
            return !interrupted;
        }""",
    "a POSIX timer ends the wait": """
        static void ring(int number) { (void)number; }
        int main(void) {
            int ends[2];
            char byte;
            struct sigaction action = { .sa_handler = ring };
            must(sigaction(SIGALRM, &action, NULL));
            must(pipe2(ends, O_CLOEXEC));
            timer_t timer;
            must(timer_create(CLOCK_MONOTONIC, NULL, &timer));
            struct itimerspec soon = { .it_value.tv_nsec = 300000000 };
            must(timer_settime(timer, 0, &soon, NULL));
            bool interrupted = read(ends[0], &byte, 1) == -1 && errno == EINTR;
            close(ends[0]);
            close(ends[1]);
            return !interrupted;
        }""",
    "an alarm of the parent ends the child": """
        static pid_t child;
        static void ring(int number) { (void)number; kill(child, SIGTERM); }
        int main(void) {
            int ends[2];
            must(pipe(ends));
            child = must(fork());
            if (child == 0) {
                char byte;
                return (int)read(ends[0], &byte, 1);
            }
            signal(SIGALRM, ring);
            alarm(1);
            must(waitpid(child, NULL, 0));
            close(ends[0]);
            close(ends[1]);
            return 0;
        }""",
    "an alarm that was set before the exec": """
        int main(int argc, char **argv) {
            int ends[2];
            char byte;
            if (argc == 1) {
                sigset_t set;
                sigemptyset(&set);
                sigaddset(&set, SIGALRM);
                must(sigprocmask(SIG_BLOCK, &set, NULL));
                alarm(1);
                execl("/proc/self/exe", argv[0], "again", NULL);
            }
            must(pipe(ends));
            pid_t child = must(fork());
            if (child == 0)
                return (int)read(ends[0], &byte, 1);
            sigset_t set;
            int number;
            sigemptyset(&set);
            sigaddset(&set, SIGALRM);
            sigwait(&set, &number);
            close(ends[0]);
            close(ends[1]);
            kill(child, SIGTERM);
            must(waitpid(child, NULL, 0));
            return 0;
        }""",
    "the writer sleeps first": """
        int main(void) {
            int ends[2];
            char byte;
            must(pipe(ends));
            if (must(fork()) == 0) {
                struct timespec nap = { .tv_nsec = 300000000 };
                nanosleep(&nap, NULL);
                must((int)write(ends[1], "x", 1));
                return 0;
            }
            must((int)read(ends[0], &byte, 1));
            close(ends[0]);
            close(ends[1]);
            wait_for_all();
            return 0;
        }""",
    "the writer computes first": """
        int main(void) {
            int ends[2];
            char byte;
            must(pipe(ends));
            if (must(fork()) == 0) {
                while (clock() < CLOCKS_PER_SEC / 4)
                    ;
                must((int)write(ends[1], "x", 1));
                return 0;
            }
            must((int)read(ends[0], &byte, 1));
            close(ends[0]);
            close(ends[1]);
            wait_for_all();
            return 0;
        }""",
    "a poll with a time limit": """
        int main(void) {
            int ends[2];
            must(pipe(ends));
            struct pollfd polled = { .fd = ends[0], .events = POLLIN };
            int found = must(poll(&polled, 1, 300));
            close(ends[0]);
            close(ends[1]);
            return found;
        }""",
    "another thread computes first": """
        static int ends[2];
        static void *compute(void *argument) {
            while (clock() < CLOCKS_PER_SEC / 4)
                ;
            must((int)write(ends[1], "x", 1));
            return argument;
        }
        int main(void) {
            char byte;
            pthread_t thread;
            must(pipe(ends));
            must(-pthread_create(&thread, NULL, compute, NULL));
            must((int)read(ends[0], &byte, 1));
            pthread_join(thread, NULL);
            close(ends[0]);
            close(ends[1]);
            return 0;
        }""",
    "a child that ends after a while": """
        int main(void) {
            pid_t child = must(fork());
            if (child == 0) {
                usleep(300000);
                return 0;
            }
            must(waitpid(child, NULL, 0));
            return 0;
        }""",
    "a timer that only the parent still has, of an epoll instance that both have": """
        int main(void) {
            int timer = must(timerfd_create(CLOCK_MONOTONIC, 0)), epoll = must(epoll_create1(0));
            struct itimerspec soon = { .it_value.tv_nsec = 300000000 };
            struct epoll_event event = { .events = EPOLLIN };
            must(epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event));
            must(timerfd_settime(timer, 0, &soon, NULL));
            if (must(fork()) == 0) {
                close(timer);
                int same_number = must(eventfd(0, 0));
                must(epoll_wait(epoll, &event, 1, -1));
                close(same_number);
                return close(epoll);
            }
            wait_for_all();
            close(timer);
            return close(epoll);
        }""",
    "a timer in a message that nobody receives, of an epoll instance where its number is another's": """
        int main(void) {
            int pair[2], timer = must(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)), epoll = must(epoll_create1(0));
            char byte = 'x', control[CMSG_SPACE(sizeof(int))] = { 0 };
            struct iovec part = { &byte, 1 };
            struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
                                      .msg_controllen = sizeof control };
            struct itimerspec soon = { .it_value.tv_nsec = 300000000 };
            struct epoll_event event = { .events = EPOLLIN };
            must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
            must(epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event));
            must(timerfd_settime(timer, 0, &soon, NULL));
            struct cmsghdr *header = CMSG_FIRSTHDR(&message);
            header->cmsg_level = SOL_SOCKET;
            header->cmsg_type = SCM_RIGHTS;
            header->cmsg_len = CMSG_LEN(sizeof(int));
            memcpy(CMSG_DATA(header), &timer, sizeof(int));
            must((int)sendmsg(pair[0], &message, 0));
            close(timer);
            int same_number = must(eventfd(0, 0));
            must(epoll_wait(epoll, &event, 1, -1));
            close(same_number);
            close(pair[0]);
            close(pair[1]);
            return close(epoll);
        }""",
    "a timer in an array that another thread fills anew while it is polled": """
        static struct pollfd polled = { .events = POLLIN };
        static int timer, ends[2];
        static void *relay(void *argument) {
            must(poll(&polled, 1, -1));
            must((int)write(ends[1], "x", 1));
            return argument;
        }
        int main(void) {
            struct itimerspec soon = { .it_value.tv_sec = 1 };
            pthread_t thread;
            must(pipe(ends));
            polled.fd = timer = must(timerfd_create(CLOCK_MONOTONIC, 0));
            must(timerfd_settime(timer, 0, &soon, NULL));
            must(-pthread_create(&thread, NULL, relay, NULL));
            usleep(300000);
            polled.fd = ends[0];
            must(poll(&polled, 1, -1));
            pthread_join(thread, NULL);
            close(timer);
            close(ends[0]);
            return close(ends[1]);
        }""",
    "a timer whose number another thread has given to a pipe": """
        static int timer;
        static void *await(void *argument) {
            uint64_t rung;
            must((int)read(timer, &rung, sizeof rung));
            return argument;
        }
        int main(void) {
            int ends[2];
            pthread_t thread;
            struct itimerspec soon = { .it_value.tv_nsec = 500000000 };
            timer = must(timerfd_create(CLOCK_MONOTONIC, 0));
            must(timerfd_settime(timer, 0, &soon, NULL));
            must(-pthread_create(&thread, NULL, await, NULL));
            usleep(100000);
            close(timer);
            must(pipe(ends));
            pthread_join(thread, NULL);
            close(ends[0]);
            return close(ends[1]);
        }""",
    "a socket with a time limit, whose number another thread has given to a pipe": """
        static int pair[2];
        static void *receive(void *argument) {
            char byte;
            return recv(pair[0], &byte, 1, 0) == -1 ? argument : pair;
        }
        int main(void) {
            int ends[2];
            void *result;
            pthread_t thread;
            struct timeval limit = { .tv_usec = 500000 };
            must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
            must(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit));
            must(-pthread_create(&thread, NULL, receive, NULL));
            usleep(100000);
            close(pair[0]);
            must(pipe(ends));
            pthread_join(thread, &result);
            close(pair[1]);
            close(ends[0]);
            close(ends[1]);
            return result != NULL;
        }""",
    "an epoll instance to which another thread adds something later": """
        static int ends[2], epoll;
        static void *add(void *argument) {
            struct epoll_event event = { .events = EPOLLIN };
            usleep(300000);
            must(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event));
            must((int)write(ends[1], "x", 1));
            return argument;
        }
        int main(void) {
            struct epoll_event event;
            pthread_t thread;
            epoll = must(epoll_create1(0));
            must(pipe(ends));
            must(-pthread_create(&thread, NULL, add, NULL));
            must(epoll_wait(epoll, &event, 1, -1));
            pthread_join(thread, NULL);
            close(ends[0]);
            close(ends[1]);
            return close(epoll);
        }""",
    "a select of nothing that the end of a child interrupts": """
        static void ended(int number) { (void)number; }
        int main(void) {
            struct sigaction action = { .sa_handler = ended };
            fd_set empty;
            must(sigaction(SIGCHLD, &action, NULL));
            if (must(fork()) == 0) {
                usleep(300000);
                return 0;
            }
            FD_ZERO(&empty);
            bool interrupted = select(1, &empty, NULL, NULL, NULL) == -1 && errno == EINTR;
            wait_for_all();
            return !interrupted;
        }""",
    "a child that is waited for by its pidfd": """
        int main(void) {
            pid_t child = must(fork());
            if (child == 0) {
                usleep(300000);
                return 0;
            }
            struct pollfd ended = { .fd = must((int)syscall(SYS_pidfd_open, child, 0)), .events = POLLIN };
            must(poll(&ended, 1, -1));
            wait_for_all();
            return close(ended.fd);
        }""",
    "a socket that sendfile reads from has a time limit": """
        #include <sys/sendfile.h>
        int main(void) {
            int pair[2], ends[2];
            must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
            must(pipe2(ends, O_CLOEXEC));
            struct timeval limit = { .tv_usec = 300000 };
            must(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit));
            bool in_vain = sendfile(ends[1], pair[0], NULL, 1) == -1;
            for (int i = 0; i < 2; i++) {
                close(pair[i]);
                close(ends[i]);
            }
            return !in_vain;
        }""",
    "a slow conversation of short naps": """
        int main(void) {
            int ends[2];
            char byte;
            must(pipe(ends));
            if (must(fork()) == 0) {
                for (int i = 0; i < 20; i++) {
                    usleep(15000);
                    must((int)write(ends[1], "x", 1));
                }
                return 0;
            }
            close(ends[1]);
            while (read(ends[0], &byte, 1) > 0)
                ;
            close(ends[0]);
            wait_for_all();
            return 0;
        }""",
}


@pytest.mark.parametrize("source", STILL_TO_COME.values(), ids=STILL_TO_COME)
def test_no_deadlock_is_claimed_where_something_will_end_the_wait(workshop: Workshop, source: str) -> None:
    assert is_clean(workshop.run(source))


UNDISTURBED = {
    "read": "result = read(answers[0], &byte, 1);",
    "poll": "struct pollfd polled = { .fd = answers[0], .events = POLLIN }; result = poll(&polled, 1, -1);",
    "select": """
        fd_set set;
        FD_ZERO(&set);
        FD_SET(answers[0], &set);
        result = select(answers[0] + 1, &set, NULL, NULL, NULL);""",
    "epoll_wait": """
        int epoll = must(epoll_create1(EPOLL_CLOEXEC));
        struct epoll_event event = { .events = EPOLLIN };
        must(epoll_ctl(epoll, EPOLL_CTL_ADD, answers[0], &event));
        result = epoll_wait(epoll, &event, 1, -1);
        int number = errno;
        close(epoll);
        errno = number;""",
    "waitpid": "result = waitpid(child, NULL, 0);",
}


@pytest.mark.parametrize("call", UNDISTURBED.values(), ids=UNDISTURBED)
def test_a_wait_is_not_disturbed_by_asking_for_the_timer_that_will_end_it(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """But for the timer it would be a deadlock. The call returns once, when that has expired."""
    answers = []
    ask = Session.timers

    def listen(session: Session) -> Facts | None:
        answers.append(ask(session))
        return answers[-1]

    monkeypatch.setattr(Session, "timers", listen)
    run = workshop.run(f"""
        static volatile sig_atomic_t has_rung;
        static void ring(int number) {{ has_rung = number; }}
        int main(void) {{
            int questions[2], answers[2];
            char byte;
            (void)byte;
            must(pipe(questions));
            must(pipe(answers));
            pid_t child = must(fork());
            if (child == 0) {{
                close(questions[1]);
                close(answers[0]);
                return (int)read(questions[0], &byte, 1) + close(questions[0]) + close(answers[1]);
            }}
            close(questions[0]);
            close(answers[1]);
            struct sigaction action = {{ .sa_handler = ring }};
            struct itimerval soon = {{ .it_value.tv_usec = 300000 }};
            must(sigaction(SIGALRM, &action, NULL));
            must(setitimer(ITIMER_REAL, &soon, NULL));
            ssize_t result = 0;
            {call}
            bool is_right = result == -1 && errno == EINTR && has_rung;
            close(questions[1]);
            close(answers[0]);
            must(waitpid(child, NULL, 0));
            return !is_right;
        }}""")
    assert is_clean(run)
    told = [sorted(seconds > 0 for seconds in answer["timers"].values()) for answer in answers if answer]
    assert told == [[False, True]]


def test_a_program_that_may_not_be_asked_for_its_timers_is_let_alone(workshop: Workshop) -> None:
    """The call that it would be made to make is one that its own filter ends it for."""
    program = workshop.program("""
        #include <linux/filter.h>
        #include <linux/seccomp.h>
        #include <stddef.h>
        int main(void) {
            struct sock_filter code[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getitimer, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
            };
            struct sock_fprog filter = { sizeof code / sizeof *code, code };
            must(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter));
            int ends[2];
            char byte;
            must(pipe(ends));
            return (int)read(ends[0], &byte, 1);
        }""")
    (timeout,) = program.run(timeout=1.0).findings()
    assert timeout.kind is FindingKind.TIMEOUT
    assert "may have a timer, for which it cannot be asked" in timeout.message


WAITING_FOR_INPUT = {
    "itself": "int main(void) { char byte; return (int)read(0, &byte, 1); }",
    "through a child": """
        int main(void) {
            if (must(fork()) == 0) {
                char byte;
                return (int)read(0, &byte, 1);
            }
            wait_for_all();
            return 0;
        }""",
    "through a pipe": """
        int main(void) {
            int ends[2];
            char byte;
            must(pipe(ends));
            if (must(fork()) == 0) {
                close(ends[0]);
                return (int)read(0, &byte, 1);
            }
            close(ends[1]);
            must((int)read(ends[0], &byte, 1));
            close(ends[0]);
            wait_for_all();
            return 0;
        }""",
}


@pytest.mark.parametrize("source", WAITING_FOR_INPUT.values(), ids=WAITING_FOR_INPUT)
def test_waiting_for_input_that_the_check_may_still_send_is_a_timeout(workshop: Workshop, source: str) -> None:
    with workshop.program(source).start() as process:
        process.wait_until(lambda view: any(one.blocked_in("read", fd=0) for one in view.processes))
        run = process.wait(within=0.5)
    assert [finding.kind for finding in run.findings()] == [FindingKind.TIMEOUT]


@pytest.mark.parametrize("source", WAITING_FOR_INPUT.values(), ids=WAITING_FOR_INPUT)
def test_a_program_that_waits_for_input_goes_on_when_it_ends(workshop: Workshop, source: str) -> None:
    with workshop.program(source).start() as process:
        process.wait_until(lambda view: any(one.blocked_in("read", fd=0) for one in view.processes))
        process.close_stdin()
        assert is_clean(process.wait())


def test_a_number_is_not_looked_up_in_another_thread_s_table(workshop: Workshop) -> None:
    """The thread reads its input, under a number that in the table of the other is a pipe which nobody writes to."""
    program = workshop.program("""
        static int ends[2];
        static void *read_input(void *unused) {
            char byte;
            must((int)syscall(SYS_close_range, 100, ~0U, CLOSE_RANGE_UNSHARE));
            must(dup2(0, ends[0]));
            say("ready");
            must((int)read(ends[0], &byte, 1));
            return unused;
        }
        int main(void) {
            pthread_t thread;
            must(pipe(ends));
            pthread_create(&thread, NULL, read_input, NULL);
            pthread_join(thread, NULL);
            return close(ends[0]) + close(ends[1]);
        }""")
    with program.start() as process:
        process.expect(b"ready\n")
        process.settle()
        run = process.wait(within=0.5)
    assert [finding.kind for finding in run.findings()] == [FindingKind.TIMEOUT]


def test_a_writer_whose_output_is_being_read_is_not_deadlocked(workshop: Workshop) -> None:
    run = workshop.run("""
        static char much[1 << 19];
        int main(void) {
            memset(much, 'x', sizeof much);
            return write(1, much, sizeof much) != sizeof much;
        }""")
    assert is_clean(run)
    assert len(run.stdout) == 1 << 19


def test_a_program_that_goes_on_is_not_judged_by_how_it_stood_before(workshop: Workshop) -> None:
    """What the agent saw just before a signal arrived says nothing about what comes after it."""
    program = workshop.program("""
        int main(void) {
            int byte;
            while ((byte = getchar()) != EOF) {
                if (byte != 'x')
                    putchar(byte);
                fflush(stdout);
            }
            return 0;
        }""")
    with program.start() as process:
        for number in range(40):
            process.send_signal("SIGSTOP")
            process.wait_until(lambda view: view.root.state == "stopped")
            process.send(b"x" * 200_000 + b"%d\n" % number)
            process.send_signal("SIGCONT")
            process.expect(b"%d\n" % number, within=PATIENCE)
        process.close_stdin()
        assert process.wait().exit_code == 0
