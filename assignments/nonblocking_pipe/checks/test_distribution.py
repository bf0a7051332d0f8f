"""What each command gets, while one of them stands still for as long as the check wants it to."""

import contextlib

PATIENCE = 4.0
"""Seconds that a state may take on a busy machine, less than the time limit. Only a wrong program needs them."""

LONG = 25.0
"""The time limit of a run that goes through several states: each of them may take its `PATIENCE`."""

O_NONBLOCK = 0o4000

WAITING_CALLS = ("poll", "ppoll", "select", "pselect6", "epoll_wait", "epoll_pwait", "epoll_pwait2")

STOPS_TWICE = "kill -STOP $$; dd bs=4096 count=3 2>/dev/null >a; kill -STOP $$; exec cat >>a"
"""One that makes a little room in a full pipe before it goes on: for a part of most writes, not for all of it."""

STOPPED = "kill -STOP $$; exec cat >a"
"""A command that stands still until it gets SIGCONT, and then copies its input to a file."""


def lines(count, first=0):
    """Of 32 bytes each, and all different."""
    return b"".join(b"and this is line number %07d\n" % number for number in range(first, first + count))


PIECES = [lines(31)] + [lines(1000, first) for first in range(1000, 8000, 1000)]
"""Far more than a pipe holds. A pipe takes the first pieces whole, and of one of the next only a part."""


LONG_PIECE, MANY = lines(1500), 100
"""Less than a pipe holds, and so many that it is more than anybody would take for a sensible limit of what is kept."""


def at_rest(process):
    """Wait until nothing moves any more. The two looks make sure that this is judged by what is newer than they."""
    process.view()
    process.view()
    try:
        return process.settle(within=PATIENCE)
    except AssertionError as failure:
        awake = [other for other in process.view().processes if other.state == "running"]
        running = ", ".join(f"`{other.command}` (pid {other.pid})" for other in awake)
        reason = f"{running} runs on and on" if running else str(failure)
        raise AssertionError(f"there is nothing to do, so everybody should sleep, but {reason}") from failure


def let_it_rest(process):
    """The same, but for a program that never rests: it has been told so by another check."""
    process.view()
    process.view()
    with contextlib.suppress(AssertionError):
        process.settle(within=PATIENCE / 2)


def alive(view, command):
    return [other for other in view.named(command) if other.state != "zombie"]


def reading(view, command):
    return [other for other in alive(view, command) if other.blocked_in("read", fd=0)]


def stopped_shell(process):
    """Wait until the shell that is to stop has done so; return its pid."""
    view = process.wait_until(lambda view: any(shell.state == "stopped" for shell in view.named("sh")), within=PATIENCE)
    return next(shell.pid for shell in view.named("sh") if shell.state == "stopped")


def send_all(process, pieces):
    """Send piece after piece, each when `cat` has printed the last one: so its own pipe is never full."""
    for piece in pieces:
        process.send(piece)
        try:
            process.expect(piece[-32:], within=PATIENCE)
        except AssertionError as failure:
            raise AssertionError(f"one command does not read, and `cat` should get all, but {failure}") from failure


def told(got, sent):
    """What became of the data, for a message."""
    alike = zip(got, sent, strict=False)
    wrong = next((at for at, (one, other) in enumerate(alike) if one != other), min(len(got), len(sent)))
    return (
        f"{len(sent)} bytes were sent and {len(got)} arrived; the first that is missing or wrong is number {wrong + 1}"
    )


def test_one_command(program):
    """The command is made to wait for its input before there is any."""
    with program.start("cat", timeout=LONG) as process:
        with contextlib.suppress(AssertionError):
            process.wait_until(lambda view: reading(view, "cat") or process.stderr, within=PATIENCE)
        assert reading(process.view(), "cat"), (
            f"`cat` should wait in read for its input, but it does not; standard error has {process.stderr!r}"
        )
        process.send(b"hello\n")
        process.expect(b"hello\n", within=PATIENCE)
        process.close_stdin()
        run = process.wait(within=PATIENCE)
    assert run.exit_code == 0
    assert run.stdout == b"hello\n"
    assert run.stderr == b"", f"standard error should be empty, but has {run.stderr!r}"


def test_all_get_all(program, workdir):
    """Less than a pipe holds, and with bytes of every value."""
    data = lines(400) + bytes(range(256)) + lines(400, 400)
    run = program.run("sh", "-c", "cat >a", "--", "cat", "--", "sh", "-c", "cat >b", stdin=data)
    assert not run.findings("deadlock")
    assert run.exit_code == 0
    assert run.stdout == data, f"the second command did not get what came in: {told(run.stdout, data)}"
    for name, place in (("a", "first"), ("b", "third")):
        assert name in workdir.names(), f"the {place} command was not run"
        got = workdir.read(name)
        assert got == data, f"the {place} command did not get what came in: {told(got, data)}"


def test_at_once(program):
    with program.start("cat", "--", "cat", timeout=LONG) as process:
        process.send(b"ping\n")
        process.expect(b"ping\nping\n", within=PATIENCE)
        at_rest(process)
        process.send(b"one\n")
        process.expect(b"one\none\n", within=PATIENCE)
        at_rest(process)


def test_slow_holds_up_nobody(program):
    for words in (("sh", "-c", STOPPED, "--", "cat"), ("cat", "--", "sh", "-c", STOPPED)):
        with program.start(*words, timeout=LONG) as process:
            stopped_shell(process)
            send_all(process, PIECES)

    with program.start("sh", "-c", STOPPED, "--", "grep", "--line-buffered", "end", timeout=LONG) as process:
        stopped_shell(process)
        for number in range(MANY):
            process.send(LONG_PIECE + b"end %d\n" % number)
            with contextlib.suppress(AssertionError):
                process.expect(b"end %d\n" % number, within=PATIENCE)
            assert process.stdout.endswith(b"end %d\n" % number), (
                f"one command does not read, the other should get all, but after {number * len(LONG_PIECE) >> 10} KiB "
                "it got no more: what one cannot take yet has to be kept in memory, as much as there is"
            )


def test_waits_in_poll(program):
    with program.start("sh", "-c", STOPPED, timeout=LONG) as process:
        stopped_shell(process)
        for piece in PIECES[:3]:  # one after the other, so that the third is sure to fit in part
            let_it_rest(process)
            process.send(piece)
        view = at_rest(process)
        instead = "sleeps in write" if view.root.blocked_in("write", "writev") else "does not"
        assert view.root.blocked_in(*WAITING_CALLS), (
            f"there is something to be delivered, and the pipe is full: the program should sleep in poll, but {instead}"
        )
        naps = process.naps()
        assert not naps, f"the pipe is full, and the program should sleep until there is room, but {naps}"
        pipes = [fd for fd in view.root.fds if fd.number > 2 and fd.target.startswith("pipe:") and fd.access == "w"]
        assert pipes, "the program has no write end of a pipe"
        for fd in pipes:
            flags = int(fd.info.split("flags:")[1].split()[0], 8)
            assert flags & O_NONBLOCK, f"descriptor {fd.number} is the write end of a pipe and not non-blocking"


def test_nothing_lost(program, workdir):
    with program.start("sh", "-c", STOPS_TWICE, "--", "cat", timeout=LONG) as process:
        shell = stopped_shell(process)
        send_all(process, PIECES)
        process.close_stdin()
        let_it_rest(process)
        process.send_signal("SIGCONT", to=shell)
        process.wait_until(
            lambda view: "a" in workdir.names() and workdir.read("a") and stopped_shell(process), within=PATIENCE
        )
        let_it_rest(process)
        process.send_signal("SIGCONT", to=shell)
        run = process.wait(within=PATIENCE)
    assert run.exit_code == 0
    data = b"".join(PIECES)
    got = workdir.read("a") if "a" in workdir.names() else b""
    assert got == data, f"a command that stood still for a while did not get all: {told(got, data)}"
    assert run.stdout == data, f"a command that did not stand still did not get all: {told(run.stdout, data)}"


def test_each_end(program):
    with program.start("cat", "--", "sh", "-c", STOPPED, timeout=LONG) as process:
        shell = stopped_shell(process)
        send_all(process, PIECES)
        process.close_stdin()
        with contextlib.suppress(AssertionError):
            process.wait_until(lambda view: not alive(view, "cat"), within=PATIENCE)
        assert not alive(process.view(), "cat"), (
            "the input has ended, and `cat` has got all of it: it should see the end of its own input, while the "
            "other command stands still"
        )
        at_rest(process)
        process.send_signal("SIGCONT", to=shell)
        run = process.wait(within=PATIENCE)
    assert run.exit_code == 0


def test_stops_reading(program):
    """A command closes its input while its pipe is full and there is more for it."""
    script = "kill -STOP $$; exec <&-; kill -STOP $$"
    with program.start("sh", "-c", script, "--", "cat", timeout=LONG) as process:
        shell = stopped_shell(process)
        send_all(process, PIECES)
        process.send_signal("SIGCONT", to=shell)
        process.wait_until(
            lambda view: any(
                other.pid == shell and other.state == "stopped" and all(fd.number != 0 for fd in other.fds)
                for other in view.processes
            ),
            within=PATIENCE,
        )
        let_it_rest(process)
        send_all(process, [b"and it goes on for the others...\n"])
        process.send_signal("SIGCONT", to=shell)
        process.close_stdin()
        run = process.wait(within=PATIENCE)
    assert run.exit_code == 0


def test_ends_with_commands(program):
    """The standard input stays open."""
    with program.start("head", "-n", "1", "--", "sh", "-c", "read -r line", timeout=LONG) as process:
        process.send(b"just this\n")
        process.expect(b"just this\n", within=PATIENCE)
        run = process.wait(within=PATIENCE)
    assert run.exit_code == 0
    assert not run.findings("orphan")
