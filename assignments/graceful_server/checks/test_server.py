"""A server that gets requests and signals, at rest and at the worst moments."""

import contextlib
import re

PATIENCE = 4.0
"""Seconds that a state may take on a busy machine, less than the time limit. Only a wrong program needs them."""


DATA = b"a zero \0 and more\n\xff\n"


@contextlib.contextmanager
def serving(program, workdir, env=None):
    """A server that is ready. Its title is `one`."""
    if "conf" not in workdir.names():
        workdir.write("conf", b"one\n")
    with program.start("conf", env=env or {}) as server:
        server.expect(b"ready: one\n", within=PATIENCE)
        yield server


def let_it_rest(server, within=PATIENCE / 4):
    """Wait until nothing moves any more. The two looks make sure that this is judged by what is newer than they.

    A program that never rests is told so by another check.
    """
    server.view()
    server.view()
    with contextlib.suppress(AssertionError):
        server.settle(within=within)


def ask(server, request, answer):
    """Send a request and wait for the answer."""
    server.send(request)
    server.expect(answer, within=PATIENCE)


def is_over(view, server):
    """Whether the server itself has ended, whatever it has left behind."""
    return all(process.pid != server.pid or process.state == "zombie" for process in view.processes)


def how(run):
    """How a run has ended, to follow `it`."""
    if run.signal:
        return f"was ended by {run.signal}"
    return f"exited with {run.exit_code}" if run.exit_code is not None else "did not end"


def test_requests(program, workdir):
    workdir.write("poem", b"no newline at the end")
    with serving(program, workdir) as server:
        ask(server, b"say hello\n", b"one: hello\n")
        ask(server, b"dance\n", b"what?\n")
        ask(server, b"get poem\n", b"no newline at the end")
        ask(server, b"get nothing\n", b"nothing: No such file or directory\n")
        server.close_stdin()
        run = server.wait(within=PATIENCE)
    expected = b"ready: one\none: hello\nwhat?\npoem: 21\nno newline at the endnothing: No such file or directory\n"
    answers, bye, _count = run.stdout.rpartition(b"bye: ")
    assert answers == expected, f"the output should be {expected!r} before `bye: N`, but it is {run.stdout!r}"
    assert bye
    assert run.exit_code == 0, f"after the end of its input it should exit with 0, but it {how(run)}"


def test_pieces(program, workdir):
    with serving(program, workdir) as server:
        ask(server, b"say two\nsay lines\n", b"one: lines\n")
        server.send(b"say ha")
        let_it_rest(server)
        ask(server, b"lf a line\ndance\n", b"what?\n")
        ask(server, b"say three\nrun echo more\nsay lines\n", b"one: lines\n")
        expected = (
            b"ready: one\none: two\none: lines\none: half a line\nwhat?\none: three\nmore\nstatus: 0\none: lines\n"
        )
        assert server.stdout == expected, f"the output should be {expected!r}, but it is {server.stdout!r}"
        server.send(b"say ha")
        let_it_rest(server)
        server.send_signal("SIGTERM")
        run = server.wait(within=PATIENCE)
    assert run.exit_code == 0, f"SIGTERM came when half a request had come: it should exit with 0, but it {how(run)}"

    with serving(program, workdir) as server:
        shell = start_stopped_command(server, b"run kill -STOP $$\nsay two\nsay three\n")
        server.close_stdin()
        let_it_rest(server)
        server.send_signal("SIGCONT", to=shell)
        run = server.wait(within=PATIENCE)
    expected = b"ready: one\nstatus: 0\none: two\none: three\nbye: 3\n"
    assert run.stdout == expected, (
        "the input has ended while the first of three requests was being served: all of them are to be served. "
        f"The output should be {expected!r}, but it is {run.stdout!r}"
    )


def test_runs(program, workdir):
    with serving(program, workdir) as server:
        ask(server, b"say first\n", b"one: first\n")
        ask(server, b"run echo second; exit 3\n", b"status: 3\n")
        ask(server, b"run kill -KILL $$\n", b"status: 137\n")
        ask(server, b"run exit 255\n", b"status: 255\n")
        ask(server, b"say last\n", b"one: last\n")
        server.close_stdin()
        run = server.wait(within=PATIENCE)
    expected = b"ready: one\none: first\nsecond\nstatus: 3\nstatus: 137\nstatus: 255\none: last\nbye: 5\n"
    assert run.stdout == expected, f"the output should be {expected!r}, but it is {run.stdout!r}"
    assert not run.findings("zombie", "orphan")


def test_ends(program, workdir):
    for signal in ("SIGTERM", "SIGINT"):
        with serving(program, workdir) as server:
            ask(server, b"say hello\n", b"one: hello\n")
            let_it_rest(server)
            server.send_signal(signal)
            run = server.wait(within=PATIENCE)
        assert run.exit_code == 0, f"after {signal} it should exit with 0, but it {how(run)}"
        assert run.stdout == b"ready: one\none: hello\nbye: 1\n", (
            f"after one request and {signal} it should end with `bye: 1`, but the output is {run.stdout!r}"
        )


def test_reloads(program, workdir):
    """The file is written anew, then it is another one of the same name."""
    with serving(program, workdir) as server:
        ask(server, b"run echo two >conf\n", b"status: 0\n")
        ask(server, b"say before\n", b"one: before\n")
        server.send_signal("SIGHUP")
        server.expect(b"reloaded: two\n", within=PATIENCE)
        ask(server, b"say after\n", b"two: after\n")

        ask(server, b"run rm conf; echo three >conf\n", b"status: 0\n")
        server.send_signal("SIGHUP")
        server.expect(b"reloaded: three\n", within=PATIENCE)
        ask(server, b"say again\n", b"three: again\n")


def test_failed_reload(program, workdir):
    workdir.write("empty", b"")
    run = program.run("empty")
    assert run.exit_code == 1, f"its configuration is empty at the start: it should exit with 1, but it {how(run)}"
    assert run.stderr, "its configuration is empty at the start: standard error should say so"

    with serving(program, workdir) as server:
        ask(server, b"run : >conf\n", b"status: 0\n")
        server.send_signal("SIGHUP")
        with contextlib.suppress(AssertionError):
            server.wait_until(lambda view: server.stderr, within=PATIENCE)
        let_it_rest(server)
        assert server.stderr, "its configuration was made empty, then SIGHUP came: standard error should say so"
        assert b"reloaded" not in server.stdout, (
            f"its configuration was made empty, then SIGHUP came: nothing was reloaded, but it prints {server.stdout!r}"
        )
        ask(server, b"say still here\n", b"one: still here\n")
        ask(server, b"run echo one >conf\n", b"status: 0\n")

    with serving(program, workdir) as server:
        ask(server, b"run rm conf\n", b"status: 0\n")
        server.send_signal("SIGHUP")
        with contextlib.suppress(AssertionError):
            server.wait_until(lambda view: server.stderr, within=PATIENCE)
        assert server.stderr, "its configuration was removed, then SIGHUP came: " + (
            "the server has ended" if is_over(server.view(), server) else "standard error should say what is wrong"
        )
        assert b"reloaded" not in server.stdout, (
            f"its configuration was removed, then SIGHUP came: nothing was reloaded, but it prints {server.stdout!r}"
        )
        ask(server, b"say still here\n", b"one: still here\n")

        ask(server, b"run echo two >conf\n", b"status: 0\n")
        server.send_signal("SIGHUP")
        server.expect(b"reloaded: two\n", within=PATIENCE)
        ask(server, b"say again\n", b"two: again\n")


def test_reports(program, workdir):
    with serving(program, workdir) as server:
        for served in range(4):
            let_it_rest(server)
            server.send_signal("SIGUSR1")
            server.expect(b"served: %d\n" % served, within=PATIENCE)
            ask(server, b"say %d\n" % served, b"one: %d\n" % served)
        assert server.stdout.count(b"served") == 4, f"4 reports were asked for, but the output is {server.stdout!r}"


def test_counts(program, workdir):
    """The answer of each request tells that it has been served, before the report is asked for."""
    with serving(program, workdir) as server:
        for count, (request, answer) in enumerate(
            (
                (b"say one\n", b"one: one\n"),
                (b"get conf\n", b"conf: 4\none\n"),
                (b"get nothing\n", b"nothing: No such file or directory\n"),
                (b"run exit 1\n", b"status: 1\n"),
                (b"dance\n", b"what?\n"),
            ),
            start=1,
        ):
            ask(server, request, answer)
            let_it_rest(server)
            server.send_signal("SIGUSR1")
            told = server.expect(re.compile(rb"served: \d+\n"), within=PATIENCE)
            assert told.endswith(b"served: %d\n" % count), (
                f"each line is a request, and `{request.decode().strip()}` was number {count} to be answered; "
                f"then SIGUSR1 came, and it says {told!r}"
            )


def assert_asleep(server, after):
    server.view()
    server.view()
    try:
        view = server.settle(within=PATIENCE)
    except AssertionError:
        raise AssertionError(f"after {after} there is nothing to do, but the server does not sleep") from None
    assert not view.root.blocked_in("nanosleep", "clock_nanosleep"), (
        f"after {after} the server sleeps for a time, in the hope that something will have happened by then"
    )
    naps = server.naps()
    assert not naps, f"after {after} there is nothing to do, but {naps}, though nothing had happened"


def test_sleeps(program, workdir):
    with serving(program, workdir) as server:
        assert_asleep(server, "its start")
        ask(server, b"say hello\n", b"one: hello\n")
        assert_asleep(server, "a request")
        server.send(b"say ")
        assert_asleep(server, "half a request")
        ask(server, b"more\n", b"one: more\n")
        for signal, line in (("SIGUSR1", b"served: 2\n"), ("SIGHUP", b"reloaded: one\n")):
            server.send_signal(signal)
            server.expect(line, within=PATIENCE)
            assert_asleep(server, signal)


AT_THE_LAST_MOMENT = r"""
/* Sends the process a signal when it is about to fall asleep: in a call that waits, when nothing is there yet. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <unistd.h>

#define REAL(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))

static pid_t first;

__attribute__((constructor)) static void remember(void)
{
    first = getpid();
}

/* Only in the first process, only once, and not before the program is prepared for the signal. */
static void now(const char *call)
{
    static int done;
    const char *number = getenv("SIGNAL_AT_LAST_MOMENT");
    struct sigaction action;
    sigset_t blocked;
    char text[100];
    int error = errno;

    if (number == NULL || getpid() != first || strcmp(program_invocation_short_name, "server") != 0)
        return;
    sigaction(atoi(number), NULL, &action);
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    if (action.sa_handler == SIG_DFL && !sigismember(&blocked, atoi(number)))
        return;
    if (__atomic_exchange_n(&done, 1, __ATOMIC_SEQ_CST))
        return;
    int length = snprintf(text, sizeof text, "at the last moment before %s\n", call);
    if (write(2, text, length) != length)
        abort();
    kill(getpid(), atoi(number));
    errno = error;
}

static int nothing_in(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};
    return REAL(poll)(&one, 1, 0) == 0 && !(fcntl(fd, F_GETFL) & O_NONBLOCK);
}

static int nothing_to_poll(struct pollfd *fds, nfds_t count)
{
    return REAL(poll)(fds, count, 0) == 0;
}

static int nothing_to_select(int count, fd_set *r, fd_set *w, fd_set *x)
{
    fd_set none = {0}, r2 = r ? *r : none, w2 = w ? *w : none, x2 = x ? *x : none;
    struct timeval zero = {0, 0};
    return REAL(select)(count, r ? &r2 : NULL, w ? &w2 : NULL, x ? &x2 : NULL, &zero) == 0;
}

static int nothing_in_epoll(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};
    return REAL(poll)(&one, 1, 0) == 0;
}

static int nothing_in_stream(FILE *stream)
{
    return stream->_IO_read_ptr >= stream->_IO_read_end && nothing_in(fileno(stream));
}

int poll(struct pollfd *fds, nfds_t count, int timeout)
{
    if (timeout != 0 && nothing_to_poll(fds, count))
        now("poll");
    return REAL(poll)(fds, count, timeout);
}

int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask)
{
    if ((timeout == NULL || timeout->tv_sec || timeout->tv_nsec) && nothing_to_poll(fds, count))
        now("ppoll");
    return REAL(ppoll)(fds, count, timeout, mask);
}

int select(int count, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
{
    if ((timeout == NULL || timeout->tv_sec || timeout->tv_usec) && nothing_to_select(count, r, w, x))
        now("select");
    return REAL(select)(count, r, w, x, timeout);
}

int pselect(int count, fd_set *r, fd_set *w, fd_set *x, const struct timespec *timeout, const sigset_t *mask)
{
    if ((timeout == NULL || timeout->tv_sec || timeout->tv_nsec) && nothing_to_select(count, r, w, x))
        now("pselect");
    return REAL(pselect)(count, r, w, x, timeout, mask);
}

int epoll_wait(int fd, struct epoll_event *events, int max, int timeout)
{
    if (timeout != 0 && nothing_in_epoll(fd))
        now("epoll_wait");
    return REAL(epoll_wait)(fd, events, max, timeout);
}

int epoll_pwait(int fd, struct epoll_event *events, int max, int timeout, const sigset_t *mask)
{
    if (timeout != 0 && nothing_in_epoll(fd))
        now("epoll_pwait");
    return REAL(epoll_pwait)(fd, events, max, timeout, mask);
}

ssize_t read(int fd, void *bytes, size_t size)
{
    if (nothing_in(fd))
        now("read");
    return REAL(read)(fd, bytes, size);
}

int pause(void)
{
    now("pause");
    return REAL(pause)();
}

int sigsuspend(const sigset_t *mask)
{
    now("sigsuspend");
    return REAL(sigsuspend)(mask);
}

int sigwait(const sigset_t *set, int *number)
{
    now("sigwait");
    return REAL(sigwait)(set, number);
}

int sigwaitinfo(const sigset_t *set, siginfo_t *info)
{
    now("sigwaitinfo");
    return REAL(sigwaitinfo)(set, info);
}

char *fgets(char *line, int size, FILE *stream)
{
    if (nothing_in_stream(stream))
        now("fgets");
    return REAL(fgets)(line, size, stream);
}

ssize_t getdelim(char **line, size_t *size, int end, FILE *stream)
{
    if (nothing_in_stream(stream))
        now("getdelim");
    return REAL(getdelim)(line, size, end, stream);
}

ssize_t getline(char **line, size_t *size, FILE *stream)
{
    if (nothing_in_stream(stream))
        now("getline");
    return REAL(getline)(line, size, stream);
}

size_t fread(void *bytes, size_t size, size_t count, FILE *stream)
{
    if (nothing_in_stream(stream))
        now("fread");
    return REAL(fread)(bytes, size, count, stream);
}

int fgetc(FILE *stream)
{
    if (nothing_in_stream(stream))
        now("fgetc");
    return REAL(fgetc)(stream);
}

int getc(FILE *stream)
{
    if (nothing_in_stream(stream))
        now("getc");
    return REAL(getc)(stream);
}

int getchar(void)
{
    if (nothing_in_stream(stdin))
        now("getchar");
    return REAL(getchar)();
}
"""


def test_last_moment(program, workdir):
    """The signal is sent by a library that stands between the program and the calls in which it waits.

    So it comes after the program has looked whether there was a signal, and before it sleeps: each time, not by luck. A
    program that waits in a call which is not known there gets it from outside, at some moment.
    """
    workdir.write("moment.c", AT_THE_LAST_MOMENT)
    with serving(program, workdir) as server:
        server.send(b"run gcc -w -shared -fPIC -O1 -pipe -o moment.so moment.c -ldl\n")
        server.expect(re.compile(rb"status: \d+\n"), within=4 * PATIENCE)
    assert "moment.so" in workdir.names(), f"`run gcc …` did not run the compiler; standard error has {server.stderr!r}"

    for signal, number, answer in (
        ("SIGUSR1", 10, b"served: 0\n"),
        ("SIGHUP", 1, b"reloaded: one\n"),
        ("SIGTERM", 15, b"bye: 0\n"),
    ):
        env = {"LD_PRELOAD": "./moment.so", "SIGNAL_AT_LAST_MOMENT": str(number)}
        with serving(program, workdir, env) as server:
            let_it_rest(server, within=PATIENCE / 2)
            if b"at the last moment" not in server.stderr and server.is_running:
                server.send_signal(signal)
            try:
                server.expect(answer, within=PATIENCE)
            except AssertionError:
                told = re.search(rb"at the last moment before (\w+)", server.stderr)
                moment = f"just before it fell asleep in {told[1].decode()}" if told else "at rest"
                state = "sleeps on" if server.is_running else "has ended"
                raise AssertionError(
                    f"{signal} came {moment}; `{answer.decode().strip()}` is expected, but the server {state}: "
                    f"a signal between the look for signals and the call that waits is lost"
                ) from None


def stopped_shells(view):
    return [shell.pid for shell in view.named("sh") if shell.state == "stopped"]


def start_stopped_command(server, requests):
    """Send requests, the first of which is a command that stops itself; return its pid when it has, and all rest."""
    server.send(requests)
    view = server.wait_until(stopped_shells, within=PATIENCE)
    let_it_rest(server)
    return stopped_shells(view)[0]


def test_several_signals(program, workdir):
    """Both come while a command is running, in either order. They may be attended to at once, or when it has ended."""
    with serving(program, workdir) as server:
        for times, signals in enumerate((("SIGHUP", "SIGUSR1"), ("SIGUSR1", "SIGHUP")), start=1):
            shell = start_stopped_command(server, b"run kill -STOP $$\n")
            for signal in signals:
                server.send_signal(signal)
                let_it_rest(server)
            server.send_signal("SIGCONT", to=shell)

            def lines():
                return server.stdout.count(b"reloaded: one\n"), server.stdout.count(b"served: ")

            with contextlib.suppress(AssertionError):
                server.wait_until(lambda view, times=times: min(lines()) >= times, within=PATIENCE)
            let_it_rest(server)
            assert lines() == (times, times), (
                f"a command was running when {signals[0]} and {signals[1]} came, and now it has ended: "
                f"`reloaded` and `served` are expected {times} times each, but are there {lines()[0]} and {lines()[1]} "
                "times" + ("" if server.is_running else ", and the server has ended")
            )
            server.expect(b"status: 0\n", within=PATIENCE)


def test_finishes_request(program, workdir):
    """SIGTERM comes while a command is running, one that has stopped itself. There is another request behind it."""
    for signal in ("SIGTERM", "SIGINT"):
        with serving(program, workdir) as server:
            shell = start_stopped_command(server, b"run kill -STOP $$; echo done; exit 3\nsay never\n")
            server.send_signal(signal)
            let_it_rest(server)
            if not is_over(server.view(), server):  # if it is, the command stays: an orphan, as the grader will find
                server.send_signal("SIGCONT", to=shell)
            run = server.wait(within=PATIENCE)
        assert not run.findings("zombie", "orphan")
        expected = b"ready: one\ndone\nstatus: 3\nbye: 1\n"
        assert run.stdout == expected, (
            f"{signal} came while a command was running: it is to be finished, and the next request not begun. "
            f"The output should be {expected!r}, but it is {run.stdout!r}"
        )
        assert run.exit_code == 0, f"after {signal} it should exit with 0, but it {how(run)}"


BIG = b"".join(b"line %06d of the big file\n" % number for number in range(7000))
"""Much more than a pipe holds."""

HELD = """
mkfifo in out
exec 3<>out 4<>in
echo "get big" >&4
./server conf <in >out 3>&- 4>&- &
kill -STOP $$
exec 5<out 3>&- 4>&-
cat <&5
wait $!
echo "inner status: $?"
"""
"""Starts a second server, whose output is not read. When it is continued, it reads what is there and what comes."""


def test_whole_output(program, workdir):
    """A server runs another one, which is in the midst of a long answer when SIGUSR1 and SIGTERM come."""
    workdir.write("data", DATA)
    with serving(program, workdir) as server:
        server.send(b"get data\n")
        with contextlib.suppress(AssertionError):
            server.expect(DATA, within=PATIENCE)
        assert server.stdout.endswith(b"data: %d\n" % len(DATA) + DATA), (
            f"the file `data` has the {len(DATA)} bytes {DATA!r}, and all of them should come after `data: "
            f"{len(DATA)}`, but the output ends with {server.stdout[-40:]!r}"
        )

    workdir.write("big", BIG)
    workdir.write("held", HELD)
    with serving(program, workdir) as server:
        server.send(b"run sh held\n")
        view = server.wait_until(
            lambda view: stopped_shells(view) and [p for p in view.named("server") if p.ppid in stopped_shells(view)],
            within=PATIENCE,
        )
        (shell,) = stopped_shells(view)
        (inner,) = (process.pid for process in view.named("server") if process.ppid == shell)
        server.view()
        server.view()
        server.settle(within=PATIENCE)  # so the second server is in the midst of its answer
        for signal in ("SIGUSR1", "SIGTERM"):
            if any(process.pid == inner and process.state != "zombie" for process in server.view().processes):
                server.send_signal(signal, to=inner)
            let_it_rest(server)
        server.send_signal("SIGCONT", to=shell)
        with contextlib.suppress(AssertionError):
            server.expect(re.compile(rb"inner status: \d+\n"), within=PATIENCE)
        output = server.stdout
    header = b"big: %d\n" % len(BIG)
    _before, found, after = output.partition(header)
    assert found, f"`get big` should be answered with {header!r} and the file, but the output is {output[:100]!r}"
    pairs = enumerate(zip(BIG, after, strict=False))
    whole = next((place for place, (wanted, got) in pairs if wanted != got), min(len(BIG), len(after)))
    assert whole == len(BIG), (
        f"SIGUSR1 and SIGTERM came in the midst of an answer of {len(BIG)} bytes; only {whole} of them are written "
        f"as they should be, and what comes then is {after[whole : whole + 60]!r}"
    )
    rest = after[whole:].partition(b"inner status: 0\n")
    assert rest[0].endswith(b"bye: 1\n"), (
        f"after the answer that was begun, `bye: 1` and exit status 0 are expected, but it is {after[whole:]!r}"
    )
    assert rest[1], f"after SIGTERM the exit status should be 0, but it is {after[whole:]!r}"


def test_born_clean(program, workdir):
    with serving(program, workdir) as server:
        server.send(b"run kill -STOP $$; true\n")
        view = server.wait_until(stopped_shells, within=PATIENCE)
        shell = next(process for process in view.processes if process.pid in stopped_shells(view))
        server.send_signal("SIGCONT", to=shell.pid)
        server.expect(b"status: 0\n", within=PATIENCE)
        server.close_stdin()
        run = server.wait(within=PATIENCE)
    assert not run.findings("fd-leak-exec")
    extra = {fd.number: fd.target for fd in shell.fds if fd.number > 2}
    assert not extra, f"a command needs 0, 1 and 2, but these are open beside them: {extra}"
    stdin = next((fd.target for fd in shell.fds if fd.number == 0), "closed")
    assert stdin == "/dev/null", f"the standard input of a command should be /dev/null, but is {stdin}"
    for what in ("ignored", "blocked"):
        signals = sorted(name for name in getattr(shell.signals, what) if not name.startswith("SIGRT"))
        assert not signals, f"a command was started with {', '.join(signals)} {what}: it inherits that across exec"


def test_safe_handlers(signal_safety):
    """Whoever has no handlers (signalfd, sigwait) has no unsafe ones."""
    assert not signal_safety.findings()
