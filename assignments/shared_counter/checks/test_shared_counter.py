"""Gates that the check watches, lets go on visitor by visitor, and kills where it hurts most.

The host decides how the processes interleave. As long as standard input is open and empty, the gate with the lock
waits in read, in the middle of its work, and all others wait for the lock.
"""

import re
from collections import Counter
from contextlib import suppress

from grader.checks import Fault

PATIENCE = 5.0
"""Seconds that a state may take on a busy machine, less than the time limit. Only a wrong program needs them."""

REST_SECONDS = 3.0
"""The same for coming to rest: a program that polls never does, and has to end before the time limit."""

PATIENT_LIMIT = 30.0
"""The time limit where a check takes a program through many states, or waits for thousands of lines."""

HOLD_OUTPUT, GO_ON_WITH_OUTPUT = b"\x13", b"\x11"
"""Ctrl-S and Ctrl-Q: what a terminal shows stands still meanwhile, and whoever prints waits."""

LINE = re.compile(rb"^gate (\d+): visitor (\d+), total (\d+)$", re.MULTILINE)
LAST_LINE = re.compile(rb"^total (\d+)\n\Z", re.MULTILINE)


def await_state(process, condition):
    """Wait until `condition(view)` is true; whether it has become so is for an assertion to say."""
    with suppress(AssertionError):
        process.wait_until(condition, within=PATIENCE)


def is_being_born(view):
    """Whether a process sleeps until the grader has taken notice of it."""
    return any(one.blocked_in("set_robust_list", "set_tid_address") for one in view.processes)


def rest(process):
    """Wait until nobody moves any more. A program that never rests, or has ended, is judged as it then is."""
    with suppress(AssertionError):
        while is_being_born(process.settle(within=REST_SECONDS)):
            process.wait_until(lambda view: not is_being_born(view), within=PATIENCE)


def alive(view, process):
    return [child for child in view.children_of(process.pid) if child.state != "zombie"]


def at_the_host(view, process):
    """The pids of the gates that listen to the host."""
    return [child.pid for child in alive(view, process) if child.blocked_in("read", fd=0)]


def the_one_at_the_host(process, besides=()):
    """Wait until a gate listens to the host, other than those that were killed; return its pid."""
    await_state(process, lambda view: set(at_the_host(view, process)) - set(besides))
    gates = [pid for pid in at_the_host(process.view(), process) if pid not in besides]
    assert gates, (
        f"{len(besides)} gates were killed, each with the lock in its hand, and no other waits for the host now"
        if besides
        else "no gate waits for the host, that is in read on standard input"
    )
    assert len(gates) == 1, f"{len(gates)} gates wait for the host at the same time: each has a visitor half let in"
    return gates[0]


def printing(view, process):
    """The pids of the gates whose output is held up."""
    return [child.pid for child in alive(view, process) if child.blocked_in("write", "writev")]


def kill(process, pid):
    process.send_signal("SIGKILL", to=pid)


def let_in(process):
    """One byte for one visitor; return what the line about him tells as the total."""
    process.send(b".")
    line = process.expect(re.compile(rb"gate \d+: visitor \d+, total \d+\n"), within=PATIENCE)
    return int(line.rpartition(b" ")[2])


def lines_of(run):
    """The lines about visitors: (gate, visitor, total)."""
    return [tuple(map(int, fields)) for fields in LINE.findall(run.stdout)]


def total_of(run):
    """What the last line says; None if it says something else."""
    match = LAST_LINE.search(run.stdout)
    return int(match[1]) if match else None


def assert_total(run, total):
    assert total_of(run) == total, (
        f"the last line should be `total {total}`, but what {run} has written ends with {run.stdout[-60:]!r}"
    )


def test_counts(program):
    """Without a lock all five stand at the host at first, and each of them will write total 1."""
    with program.start("5", "3") as process:
        await_state(process, lambda view: len(alive(view, process)) == 5)
        rest(process)
        process.close_stdin()
        run = process.wait()
    assert not run.findings("deadlock")
    assert run.exit_code == 0
    lines = lines_of(run)
    expected = sorted((gate, visitor) for gate in range(5) for visitor in (1, 2, 3))
    assert sorted((gate, visitor) for gate, visitor, _total in lines) == expected, (
        f"five gates and three visitors each are one line for each visitor, but the output is {run.stdout!r}"
    )
    total = total_of(run)
    assert total in (15, None), f"15 visitors were let in, each with a line, but the last line is `total {total}`"
    assert_total(run, 15)


def test_one_at_a_time(program):
    with program.start("5", "8", timeout=PATIENT_LIMIT) as process:
        await_state(process, lambda view: len(alive(view, process)) == 5 and at_the_host(view, process))
        rest(process)
        gates = len(alive(process.view(), process))
        assert gates == 5, f"five gates should be open, each a process, but there are {gates}"
        for visitor in range(1, 5):
            the_one_at_the_host(process)
            total = let_in(process)
            assert total == visitor, f"visitor number {visitor} is in, and the line about him says total {total}"


def test_many_at_once(program):
    run = program.run("6", "2500", timeout=PATIENT_LIMIT)
    assert run.exit_code == 0
    for place, line in enumerate(run.stdout.splitlines()[:-1], start=1):
        match = LINE.fullmatch(line)
        assert match is not None, f"line {place} of the output is not whole: {line!r}"
        assert int(match[3]) == place, f"line {place} of the output should tell of total {place}, but is {line!r}"
    assert_total(run, 15000)


def test_waiting_sleeps(program):
    with program.start("4", "5", timeout=PATIENT_LIMIT) as process:
        for _visitor in range(3):
            the_one_at_the_host(process)
            view = process.settle(within=PATIENCE)
            naps = [child.pid for child in view.children_of(process.pid) if child.blocked_in("clock_nanosleep")]
            assert not naps, "a gate sleeps for a time, in the hope that the lock will be free by then"
            nap = process.naps()
            assert not nap, f"a gate should sleep until the lock is free, but {nap}"
            let_in(process)


def test_others_go_on(program):
    with program.start("4", "3") as process:
        victim = the_one_at_the_host(process)
        kill(process, victim)
        process.close_stdin()
        run = process.wait()
    assert not run.findings("deadlock")
    assert run.exit_code is not None
    visitors = Counter(gate for gate, _visitor, _total in lines_of(run))
    complete = sum(count == 3 for count in visitors.values())
    assert complete == 3, (
        "one of four gates was killed with its first visitor; the other three should have let in three each, "
        f"but the output is {run.stdout!r} and standard error {run.stderr!r}"
    )
    assert total_of(run) is not None, f"there is no last line with the total: the output is {run.stdout!r}"


def test_nothing_is_lost(program):
    """Two are killed, each with a visitor who was noted; then one that had also shown the total already.

    Nobody is killed who only waits: a robust mutex of the C library can lose a wake-up with him, if he was just woken.
    """
    with program.start("5", "4", timeout=PATIENT_LIMIT) as process:
        killed = []
        for visitor in (1, 2):
            the_one_at_the_host(process)
            total = let_in(process)
            assert total == visitor, f"visitor number {visitor} is in, and the line about him says total {total}"
        for _death in range(2):
            victim = the_one_at_the_host(process, besides=killed)
            kill(process, victim)
            killed.append(victim)
        the_one_at_the_host(process, besides=killed)
        total = let_in(process)
        assert total == 5, (
            "two visitors were let in, two more were noted by gates that were killed then, and one was let in after "
            f"that; the line about him should say total 5, but says total {total}"
        )
        process.close_stdin()
        run = process.wait()
    assert not run.findings("deadlock")
    assert run.exit_code is not None
    let_in_by_lines = len(lines_of(run))
    assert total_of(run) == let_in_by_lines + 2, (
        f"{let_in_by_lines} visitors were let in and two noted by gates that were killed then: the total should be "
        f"{let_in_by_lines + 2}, but what {run} has written ends with {run.stdout[-60:]!r}"
    )

    with program.start("2", "1", pty=True) as process:
        the_one_at_the_host(process)
        rest(process)
        process.send(HOLD_OUTPUT)
        rest(process)
        process.send(b"\n")
        await_state(process, lambda view: printing(view, process))
        for pid in printing(process.view(), process):
            kill(process, pid)
        process.send(GO_ON_WITH_OUTPUT)
        await_state(process, lambda view: at_the_host(view, process))
        process.send(b"\n")
        run = process.wait()
    shown = run.stdout.replace(b"\r", b"")  # on a terminal, standard error is a part of it
    totals = re.findall(rb"^total (\d+)$", shown, re.MULTILINE)
    guessed = [total for total in re.findall(rb"\btotal (\d+)", shown) if int(total) > 2]
    assert totals == [b"2"] and not guessed, (  # noqa: PT018  # one explanation for both
        "one of two gates was killed when it had noted its only visitor and shown the new total, but not let go of the "
        f"lock; the other has let one in. No total should be above 2, and `total 2` the last line, but on the terminal "
        f"there is {shown!r}"
    )


def test_last_gate_dies(program):
    with program.start("1", "2") as process:
        kill(process, the_one_at_the_host(process))
        process.close_stdin()
        run = process.wait()
    assert not run.findings("deadlock")
    assert run.exit_code is not None
    assert run.stdout == b"total 1\n", (
        "the only gate was killed after it had noted its first visitor: `total 1` should be the only line, "
        f"but the output is {run.stdout!r}"
    )


def test_death_is_reported(program):
    with program.start("3", "1") as process:
        kill(process, the_one_at_the_host(process))
        process.close_stdin()
        run = process.wait()
    assert run.exit_code == 1, f"a gate was killed: exit status 1 is expected, not {run.exit_code}"
    assert run.stderr != b"", "a gate was killed: standard error should say so"


def test_two_programs(program):
    with program.start("2", "1") as first, program.start("2", "2") as second:
        the_one_at_the_host(first)
        await_state(second, lambda view: at_the_host(view, second))
        second.close_stdin()
        second_run = second.wait()
        first.close_stdin()
        first_run = first.wait()
    for run, total in ((second_run, 4), (first_run, 2)):
        assert total_of(run) == total, (
            f"two programs ran at the same time, and the last line of {run} should be `total {total}`, "
            f"but its output is {run.stdout!r} and its standard error {run.stderr!r}"
        )


def test_leaves_nothing(program, workdir):
    """The second run would find what the first has left."""
    before = workdir.names()
    for _run in range(2):
        run = program.run("3", "2")
        assert run.exit_code == 0
        assert not run.findings("zombie", "orphan", "fd-leak-exit")
        assert_total(run, 6)
        left = sorted(set(workdir.names()) - set(before))
        assert not left, f"{run} has ended and left behind: {', '.join(left)}"


def test_fork_fails(program):
    """The last of three forks."""
    run = program.run("3", "2", fail=[Fault("fork", "EAGAIN", on_call=3)])
    assert run.exit_code == 1, f"the third fork failed: exit status 1 is expected, not {run.exit_code}"
    assert run.stderr != b"", "the third fork failed: standard error should say so"
    assert not run.findings("zombie", "orphan")
    assert_total(run, 4)
