"""Signals that the check sends when the program is at rest, and what the program makes of them."""

import re
from contextlib import suppress

PATIENCE = 5.0
"""Seconds that a state may take on a busy machine, less than the time limit. Only a wrong program needs them."""

HELD = {"SIGUSR1", "SIGUSR2"}

CTRL_S, CTRL_Q = b"\x13", b"\x11"
"""What makes a terminal hold its output back, and let it go on."""


def at_rest(process):
    """Wait until nothing moves any more. The two looks make sure that this is judged by what is newer than they."""
    process.view()
    process.view()
    return process.settle(within=PATIENCE)


def send_and_rest(process, *signals):
    """Send the signals one by one, each when the one before has done whatever it does; none of them ends anything."""
    for signal in signals:
        process.send_signal(signal)
        try:
            view = at_rest(process)
        except AssertionError:
            assert process.is_running, f"{signal} came, and {process} has ended: {process.stop().ending}"
            raise
    return view


def signals_while_printing(program, subcommand):
    """The signals of a program that sleeps in printing its first line, into a full pipe; None if it is not seen."""
    line = f"(head -c 65536 /dev/zero; exec ./signal_basics {subcommand}) | exec sleep 1001"
    with program.start("run", "sh", "-c", line) as process:
        with suppress(AssertionError):
            at_rest(process)
        printing = [
            other
            for other in process.view().processes
            if list(other.argv[1:]) == [subcommand] and other.blocked_in("write", "writev")
        ]
    return printing[0].signals if printing else None


def test_input_goes_on(program):
    """One signal between two lines, one in the midst of a line."""
    answer = re.compile(rb"SIGUSR1: \d+\n")
    with program.start("count") as process:
        process.expect(b"ready\n", within=PATIENCE)
        view = at_rest(process)
        assert "SIGUSR1" in view.root.signals.caught, "`count` has said `ready`, but has no handler for SIGUSR1"
        send_and_rest(process, "SIGUSR1")
        process.send(b"a line\n")
        process.expect(answer, within=PATIENCE)

    with program.start("count") as process:
        process.expect(b"ready\n", within=PATIENCE)
        at_rest(process)
        process.send(b"half a ")
        at_rest(process)
        send_and_rest(process, "SIGUSR1")
        process.send(b"line\n")
        process.expect(answer, within=PATIENCE)
        at_rest(process)
        process.close_stdin()
        run = process.wait(within=PATIENCE)
    assert run.exit_code == 0
    answers = run.stdout.count(b"SIGUSR1: ")
    assert answers == 1, f"one line was sent, with a signal in its midst, and there are {answers} answers"


def test_counts(program):
    """None, one, three more. Then one that cannot say `ready` yet."""
    with program.start("count") as process:
        process.expect(b"ready\n", within=PATIENCE)
        at_rest(process)
        for signals, number in ((0, 0), (1, 1), (3, 4)):
            if signals:
                send_and_rest(process, *["SIGUSR1"] * signals)
            process.send(b"\n")
            process.expect(b"SIGUSR1: %d\n" % number, within=PATIENCE)
        process.close_stdin()
        run = process.wait(within=PATIENCE)
    assert run.exit_code == 0
    assert run.stdout == b"ready\nSIGUSR1: 0\nSIGUSR1: 1\nSIGUSR1: 4\n"

    signals = signals_while_printing(program, "count")
    assert signals is None or "SIGUSR1" in signals.caught, (
        "`count` is about to print `ready`, and has no handler for SIGUSR1 yet: who reads `ready` and sends it at once "
        "may kill it"
    )


def test_handlers_are_safe(signal_safety):
    """That there is a handler is known from the kernel: this check needs one that has seen it work."""
    assert not signal_safety.findings()


def assert_held(view, when):
    blocked = HELD & view.root.signals.blocked
    assert blocked == HELD, (
        f"{when} `hold` should have SIGUSR1 and SIGUSR2 blocked, but the kernel says: "
        f"{' and '.join(blocked) or 'neither of them'}"
    )


def test_pending_once(program):
    """The whole of it; then one that cannot say `holding` yet."""
    with program.start("hold") as process:
        process.expect(b"holding\n", within=PATIENCE)
        assert_held(at_rest(process), "at the beginning")
        process.send(b"pending\n")
        process.expect(b"pending: none\n", within=PATIENCE)

        send_and_rest(process, "SIGUSR2")
        process.send(b"pending\n")
        process.expect(b"pending: SIGUSR2\n", within=PATIENCE)

        view = send_and_rest(process, "SIGUSR1", "SIGUSR1", "SIGUSR1")
        pending = HELD & view.root.signals.pending
        assert pending == HELD, f"SIGUSR1 and SIGUSR2 were sent and should be pending, but it is {sorted(pending)}"
        process.send(b"pending\n")
        process.expect(b"pending: SIGUSR1 SIGUSR2\n", within=PATIENCE)

        process.send(b"release\n")
        process.expect(b"delivered: SIGUSR1 1, SIGUSR2 1\n", within=PATIENCE)
        process.send(b"pending\n")
        process.expect(b"pending: none\n", within=PATIENCE)
        process.close_stdin()
        run = process.wait(within=PATIENCE)
    assert run.exit_code == 0

    signals = signals_while_printing(program, "hold")
    assert signals is None or signals.blocked >= HELD, (
        "`hold` is about to print `holding`, but SIGUSR1 and SIGUSR2 are not both blocked yet: who reads `holding` and "
        "sends one at once may kill it"
    )


def test_blocked_again(program):
    with program.start("hold") as process:
        process.expect(b"holding\n", within=PATIENCE)
        at_rest(process)
        process.send(b"release\n")
        process.expect(b"delivered: SIGUSR1 0, SIGUSR2 0\n", within=PATIENCE)
        assert_held(at_rest(process), "after a release")

        send_and_rest(process, "SIGUSR1", "SIGUSR2", "SIGUSR1")
        process.send(b"pending\n")
        process.expect(b"pending: SIGUSR1 SIGUSR2\n", within=PATIENCE)
        process.send(b"release\n")
        process.expect(b"delivered: SIGUSR1 1, SIGUSR2 1\n", within=PATIENCE)
        assert_held(at_rest(process), "after the second release")

        send_and_rest(process, "SIGUSR2")
        process.send(b"release\n")
        process.expect(b"delivered: SIGUSR1 0, SIGUSR2 1\n", within=PATIENCE)


def test_sleeps_until_woken(program):
    with program.start("wait", "3") as process:
        for _round in range(3):
            process.expect(b"waiting\n", within=PATIENCE)
            view = at_rest(process)
            assert not view.root.blocked_in("clock_nanosleep", "nanosleep"), (
                "`wait` takes naps and looks again and again; it should sleep until SIGUSR1 comes"
            )
            naps = process.naps()
            assert not naps, f"it should sleep until SIGUSR1 comes, but {naps}, though no signal was sent"
            before = process.stdout
            assert before.endswith(b"waiting\n"), f"no signal was sent, but `wait` has printed {before!r}"
            process.send_signal("SIGUSR1")
            process.expect(b"woken\n", within=PATIENCE)
        run = process.wait(within=PATIENCE)
    assert run.exit_code == 0
    assert run.stdout == b"waiting\nwoken\n" * 3


def is_printing(view):
    return any(process.blocked_in("write", "writev") for process in view.processes)


def test_no_lost_wakeup(program):
    """On a terminal, whose Ctrl-S keeps the program in the midst of printing: awake, and sure to wait right after.

    The terminal may take note of Ctrl-S a little late; then that signal was one more round, and the next is held up.
    """
    with program.start("wait", "9", pty=True) as process:
        process.expect(b"waiting", within=PATIENCE)
        view = at_rest(process)
        assert not view.root.blocked_in("pause") or "SIGUSR1" in view.root.signals.blocked, (
            "`wait` sleeps in pause, and SIGUSR1 is not blocked, nor was it just before: a signal that comes between "
            "the last look and pause is over before `wait` sleeps"
        )
        sent = 0
        while sent < 5 and not is_printing(view):
            process.send(CTRL_S)
            process.send_signal("SIGUSR1")
            sent += 1
            view = at_rest(process)
        assert is_printing(view), "`wait` was woken, but it does not print anything"
        assert "SIGUSR1" in view.root.signals.blocked, (
            "`wait` is awake and printing (Ctrl-S keeps it there), but SIGUSR1 is not blocked: "
            "if it comes now, it is over before `wait` sleeps"
        )
        process.send_signal("SIGUSR1")
        process.send(CTRL_Q)
        with suppress(AssertionError):
            process.wait_until(lambda view: process.stdout.count(b"woken") > sent, within=PATIENCE)
        woken = process.stdout.count(b"woken")
    assert woken == sent + 1, (
        "SIGUSR1 came while `wait` was still printing (Ctrl-S kept it there), and `wait` went to sleep all the same "
        "and was not woken: that signal was lost"
    )
