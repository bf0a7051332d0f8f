"""The four rules, each seen from outside: what is printed, and what the kernel says while nothing moves."""

import contextlib
import re

PATIENCE = 4.0
"""Seconds that a state may take on a busy machine, less than the time limit. Only a wrong program needs them."""

LONG = 20.0
"""The time limit of a run that goes through several states: each of them may take its `PATIENCE`."""

LEFT_BEHIND = "sleep 1000 & exit 0"


def at_rest(process):
    """Wait until nothing moves any more. The two looks make sure that this is judged by what is newer than they."""
    process.view()
    process.view()
    try:
        return process.settle(within=PATIENCE)
    except AssertionError as failure:
        awake = [other for other in process.view().processes if other.state == "running"]
        running = ", ".join(f"{other.command} ({other.pid})" for other in awake)
        reason = f"{running} runs on and on" if running else str(failure)
        raise AssertionError(f"there is nothing to do, so everybody should sleep, but {reason}") from failure


def number_after(process, word, within=PATIENCE):
    """The number in the next line that begins with this word."""
    process.expect(word + b" ", within=within)
    rest = process.expect(b"\n", within=within).strip()
    assert re.fullmatch(rb"\d{1,10}", rest), f"after {word.decode()!r} there should be a number, but it is {rest!r}"
    return int(rest)


def pipe_of(view, pid, call):
    """The pipe at which that process sleeps in that call, if it does."""
    for other in view.processes:
        for fd in other.fds:
            if other.pid == pid and fd.target.startswith("pipe:") and other.blocked_in(call, call + "v", fd=fd.number):
                return fd.target
    return None


def doing(view, pid):
    """What a process does that does not wait as it should."""
    state = next((other.state for other in view.processes if other.pid == pid), "gone")
    words = {"running": "is running: it asks again and again", "zombie": "has ended", "gone": "has ended"}
    return words.get(state, f"is {state} elsewhere")


def waits_at_pipe(process, role, pid, call):
    """Wait until the process sleeps in the call, and everything else sleeps, too."""
    with contextlib.suppress(AssertionError):
        process.wait_until(lambda view: pipe_of(view, pid, call) or doing(view, pid) == "has ended", within=PATIENCE)
    view = process.view()
    assert pipe_of(view, pid, call), f"the {role} ({pid}) should sleep in {call} at the pipe, but it {doing(view, pid)}"
    view = at_rest(process)
    assert pipe_of(view, pid, call), (
        f"the {role} ({pid}) should go on sleeping in {call} as long as nobody does anything, but it {doing(view, pid)}"
    )


def left_behind(process):
    """Wait until the command has ended and only the process that it has left behind lives; return that one's pid."""
    view = process.wait_until(
        lambda view: view.named("sleep") and all(shell.state == "zombie" for shell in view.named("sh")),
        within=PATIENCE,
    )
    return view.named("sleep")[0].pid


def test_eof_of_command(program):
    for command, count in (
        (("echo", "hello"), 6),
        (("true",), 0),
        (("head", "-c", "300000", "/dev/zero"), 300_000),
    ):
        run = program.run("eof", *command)
        assert not run.findings("deadlock")
        assert run.exit_code == 0
        assert run.stdout == b"end of file after %d bytes\n" % count, (
            f"`{' '.join(command)}` prints {count} bytes, then comes the end of file, but what is printed is "
            f"{run.stdout!r}"
        )


def test_eof_last_write_end(program):
    """A command whose write end lives longer than itself, then one that lives longer than its write end."""
    with program.start("eof", "sh", "-c", "echo hello; " + LEFT_BEHIND, timeout=LONG) as process:
        holder = left_behind(process)
        at_rest(process)
        assert process.stdout == b"", (
            "the command has ended, but a process that it has started still has its write end: it is too early to "
            f"print {process.stdout!r}"
        )
        process.send_signal("SIGTERM", to=holder)
        process.expect(b"end of file after 6 bytes\n", within=PATIENCE)
        run = process.wait(within=PATIENCE)
    assert run.exit_code == 0

    with program.start("eof", "sh", "-c", "exec >&-; read -r line", timeout=LONG) as process:
        process.expect(b"end of file after 0 bytes\n", within=PATIENCE)
        process.close_stdin()
        run = process.wait(within=PATIENCE)
    assert run.exit_code == 0


def test_empty_blocks(program):
    with program.start("empty", timeout=LONG) as process:
        reader = number_after(process, b"reader")
        for line in (b"hello\n", b"\n", b"a third line, longer than the others\n"):
            waits_at_pipe(process, "reader", reader, "read")
            process.send(line)
            count = number_after(process, b"read")
            assert count == len(line), f"{line!r} was sent: the reader should read {len(line)} bytes, not {count}"
        waits_at_pipe(process, "reader", reader, "read")
        lines = process.stdout.splitlines()
    assert len(lines) == 4, f"three lines were sent, and three reads should have been reported, but it is {lines}"


def test_empty_ends(program):
    for data, wanted in ((b"", rb"reader \d+\nend of file\n"), (b"hello\n", rb"reader \d+\nread 6\nend of file\n")):
        run = program.run("empty", stdin=data)
        assert not run.findings("deadlock")
        assert run.exit_code == 0
        assert re.fullmatch(wanted, run.stdout), (
            f"the input was {data!r}: the last line should be `end of file`, but what is printed is {run.stdout!r}"
        )


def test_sigpipe_status(program):
    for command in (("true",), ("sh", "-c", "head -c 100000 >/dev/null")):
        run = program.run("sigpipe", *command)
        assert not run.findings("deadlock")
        assert run.exit_code == 0
        assert re.fullmatch(rb"writer \d+\nwait status 13\n", run.stdout), (
            "the command has ended, so the writer dies of signal 13 and `wait status 13` should be printed after "
            f"`writer PID`, but it is {run.stdout!r}"
        )


def test_sigpipe_last_read_end(program):
    """In the background a shell gives its commands another standard input, so the read end is kept as 3, too."""
    with program.start("sigpipe", "sh", "-c", "exec 3<&0; " + LEFT_BEHIND, timeout=LONG) as process:
        writer = number_after(process, b"writer")
        holder = left_behind(process)
        waits_at_pipe(process, "writer", writer, "write")
        assert b"wait status" not in process.stdout, "the writer waits, but its end was reported already"
        process.send_signal("SIGTERM", to=holder)
        status = number_after(process, b"wait status")
        run = process.wait(within=PATIENCE)
    assert status == 13, f"the last read end was closed: the wait status should be 13, not {status}"
    assert run.exit_code == 0


def test_wait_status_told(program):
    """The writer is ended by other signals, while the command reads nothing."""
    for signal, number in (("SIGTERM", 15), ("SIGKILL", 9)):
        with program.start("sigpipe", "sleep", "1000", timeout=LONG) as process:
            writer = number_after(process, b"writer")
            waits_at_pipe(process, "writer", writer, "write")
            process.send_signal(signal, to=writer)
            status = number_after(process, b"wait status")
            assert status == number, (
                f"{signal} ({number}) has ended the writer: its wait status is {number}, but {status} is printed"
            )
            (command,) = process.view().named("sleep")
            process.send_signal("SIGTERM", to=command.pid)
            run = process.wait(within=PATIENCE)
        assert run.exit_code == 0


def test_capacity(program):
    """A new pipe holds 16 pages; F_SETPIPE_SZ rounds up to pages, and these to a power of two."""
    with program.start("full", timeout=LONG) as process:
        capacity = number_after(process, b"capacity", within=LONG / 2)
    assert capacity == 65536, f"a new pipe holds 65536 bytes, but {capacity} is printed"
    for size, holds in ((1, 4096), (5000, 8192), (20_000, 32_768), (65_537, 131_072)):
        with program.start("full", str(size), timeout=LONG) as process:
            capacity = number_after(process, b"capacity", within=LONG / 2)
        assert capacity == holds, (
            f"after F_SETPIPE_SZ with {size} a pipe holds {holds} bytes, but {capacity} is printed"
        )


def test_full_blocks(program):
    with program.start("full", timeout=LONG) as process:
        writer = number_after(process, b"writer")
        waits_at_pipe(process, "writer", writer, "write")
        process.send(b"\n")
        count = number_after(process, b"read")
        assert count == 65537, f"65536 bytes and the writer's one were in the pipe, but {count} were read"
        run = process.wait(within=PATIENCE)
    assert run.exit_code == 0
    assert re.fullmatch(rb"capacity \d+\nwriter \d+\nread \d+\n", run.stdout), (
        f"three lines should be printed, but it is {run.stdout!r}"
    )
