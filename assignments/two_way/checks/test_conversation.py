"""What goes in and what comes out, and that neither waits for the other."""

import contextlib

PATIENCE = 3.0
"""Seconds that a state may take on a busy machine, less than the time limit. Only a wrong program needs them."""

LONG = 15.0
"""The time limit of a run that goes through several states: each of them may take its `PATIENCE`."""

MEBIBYTE = 1 << 20


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


def let_it_rest(process):
    """The same, but for a program that never rests: it has been told so by another check."""
    process.view()
    process.view()
    with contextlib.suppress(AssertionError):
        process.settle(within=PATIENCE / 2)


def stopped(view, command):
    return any(other.state == "stopped" for other in view.named(command))


def reading(view, command):
    return any(other.blocked_in("read", fd=0) for other in view.named(command))


def has_input(view, command):
    return any(fd.number == 0 for other in view.named(command) for fd in other.fds)


def test_question_and_answer(program):
    """Whether the program notices that the filter has ended is not asked here."""
    script = r'read -r line; echo "beside the point" >&2; printf "[%s]\n" "$line" "$@"'
    answer = b"[a voice]\n[two words]\n[]\n[-n]\n"
    with program.start("sh", "-c", script, "sh", "two words", "", "-n", timeout=LONG) as process:
        process.send(b"a voice\n")
        process.close_stdin()
        process.expect(b"\n[-n]\n", within=PATIENCE)
        run = process.stop()
    assert run.stdout == answer, f"the filter prints {answer!r}, but what comes out is {run.stdout!r}"
    assert run.stderr == b"beside the point\n", (
        f"standard error should have the filter's own message and no other, but has {run.stderr!r}"
    )


def test_end_of_input(program):
    """`wc` says nothing before the end of its input; the program ends at the end of its output."""
    for data, count in ((b"twelve bytes", b"12"), (b"", b"0")):
        run = program.run("wc", "-c", stdin=data)
        assert not run.findings("deadlock")
        assert run.exit_code is not None
        assert run.stdout.strip() == count, f"`wc -c` should count {count.decode()} bytes, but prints {run.stdout!r}"


def test_answers_while_open(program):
    with program.start("cat", timeout=LONG) as process:
        process.send(b"ping\n")
        process.expect(b"ping\n", within=PATIENCE)
        at_rest(process)
        process.send(b"one\ntwo\n")
        process.expect(b"one\ntwo\n", within=PATIENCE)
        at_rest(process)
        naps = process.naps()
        assert not naps, f"between two lines there is nothing to do, but {naps}, though no line had come"


def test_large_amount(program):
    """Only that it ends: which bytes arrive is the next check's."""
    both_ways = program.run("cat", stdin=bytes(MEBIBYTE))
    assert not both_ways.findings("deadlock")
    assert both_ways.exit_code is not None

    prints_first = program.run("sh", "-c", "head -c 300000 /dev/zero; exec cat >/dev/null", stdin=bytes(300_000))
    assert not prints_first.findings("deadlock")
    assert prints_first.exit_code is not None


def test_every_byte(program):
    """The filter stands still until its pipe is full, so full that a write of any size gets through in part only."""
    data = b"".join(b"line %06d, and a zero byte: \0\n" % number for number in range(10_000))
    with program.start("sh", "-c", "kill -STOP $$; exec cat", timeout=LONG) as process:
        view = process.wait_until(lambda view: stopped(view, "sh"), within=PATIENCE)
        (filter_,) = view.named("sh")
        process.send(data[:1000])
        let_it_rest(process)
        process.send(data[1000:])
        let_it_rest(process)
        process.send_signal("SIGCONT", to=filter_.pid)
        process.close_stdin()
        run = process.wait(within=PATIENCE)
    assert not run.findings("deadlock")
    alike = zip(run.stdout, data, strict=False)
    wrong = next((at for at, (got, sent) in enumerate(alike) if got != sent), min(len(run.stdout), len(data)))
    assert run.stdout == data, (
        f"{len(data)} bytes were sent and {len(run.stdout)} arrived; the first that is missing or wrong is number "
        f"{wrong + 1}, in or after {data[: wrong + 1].splitlines()[-1]!r}"
    )


def test_filter_stops_reading(program):
    """`head` ends when it has its line; then one that closes a full pipe, and speaks when that has been noticed."""
    run = program.run("head", "-n", "1", stdin=b"first\n" + b"and more\n" * 100_000)
    assert run.signal is None, f"the filter stopped reading, and the program was killed by {run.signal}"
    assert run.exit_code == 0
    assert run.stdout == b"first\n"

    with program.start(
        "sh", "-c", 'kill -STOP $$; exec <&-; kill -STOP $$; echo "still here"', timeout=LONG
    ) as process:
        view = process.wait_until(lambda view: stopped(view, "sh"), within=PATIENCE)
        (filter_,) = view.named("sh")
        process.send(b"and more\n" * 25_000)
        let_it_rest(process)
        process.send_signal("SIGCONT", to=filter_.pid)
        process.wait_until(lambda view: stopped(view, "sh") and not has_input(view, "sh"), within=PATIENCE)
        let_it_rest(process)
        process.send_signal("SIGCONT", to=filter_.pid)
        process.expect(b"still here\n", within=PATIENCE)


def test_filter_stops_printing(program, workdir):
    """The filter's output is a file from the beginning."""
    data = b"not to be lost\n" * 100
    with program.start("sh", "-c", "exec cat >copy", timeout=LONG) as process:
        try:
            process.wait_until(lambda view: reading(view, "cat"), within=PATIENCE)
        except AssertionError:
            assert process.is_running, "the filter has closed its output and still reads, but you have ended"
            raise
        let_it_rest(process)
        process.send(data)
        process.close_stdin()
        run = process.wait(within=PATIENCE)
    assert run.exit_code is not None
    copy = workdir.read("copy")
    assert copy == data, f"the filter closed its output and read on: it should get {len(data)} bytes, not {len(copy)}"


LEAVES_A_SPEAKER = "sh -c 'kill -STOP $$; echo late' & echo early"


def test_left_behind(program):
    """The filter ends and leaves a process behind that has its output, and prints later."""
    with program.start("sh", "-c", LEAVES_A_SPEAKER, timeout=LONG) as process:
        view = process.wait_until(lambda view: stopped(view, "sh"), within=PATIENCE)
        (speaker,) = (other.pid for other in view.named("sh") if other.state == "stopped")
        process.close_stdin()
        let_it_rest(process)
        if process.is_running:
            process.send_signal("SIGCONT", to=speaker)
        run = process.wait(within=PATIENCE)
    assert run.stdout == b"early\nlate\n", (
        "the filter prints `early` and ends, and a process that it leaves behind prints `late`; both should come out, "
        f"but it is {run.stdout!r}"
    )
    assert run.exit_code == 0, f"the filter has exited with 0, and so should you, not with {run.exit_code}"


def test_ends_with_filter(program):
    """The filter ends, our input stays open; in the second run the filter has closed its output before."""
    with program.start("head", "-n", "1", timeout=LONG) as process:
        process.send(b"just this\n")
        process.expect(b"just this\n", within=PATIENCE)
        run = process.wait(within=PATIENCE)
    assert run.exit_code is not None
    assert not run.findings("orphan")

    with program.start("sh", "-c", "exec >&-; read -r line", timeout=LONG) as process:
        # A program that ends here has closed its filter's input too early: that is another check's.
        with contextlib.suppress(AssertionError):
            process.wait_until(lambda view: reading(view, "sh"), within=PATIENCE)
        let_it_rest(process)
        process.send(b"that will do\n")
        run = process.wait(within=PATIENCE)
    assert run.exit_code is not None
    assert not run.findings("orphan")
