"""What the log tells, read from top to bottom."""

import re
from contextlib import suppress

PATIENCE = 5.0
"""Seconds that a state may take on a busy machine, less than the time limit. Only a wrong program needs them."""

REST_SECONDS = 3.0
"""The same for coming to rest: a program that polls never does, and has to end before the time limit."""

PATIENT_LIMIT = 30.0
"""The time limit where a check takes a program through many states, or waits for thousands of lines."""

LINE = re.compile(rb"(\d+): (\d+) (takes|eats|puts) (\d+)")


def dine(program, philosophers, meals):
    """The run, from the state in which everybody who can holds one fork."""
    with program.start(str(philosophers), str(meals), timeout=PATIENT_LIMIT) as process:
        with suppress(AssertionError):
            process.settle(within=REST_SECONDS)
        process.close_stdin()
        return process.wait()


def events(log):
    """The events in a log, each with its line as a student reads it: (line, who, what, number)."""
    for line in log.splitlines():
        match = LINE.fullmatch(line)
        assert match is not None, f"a line of the log should be like `12: 3 takes 4`, but one is {line!r}"
        yield line.decode(), int(match[2]), match[3].decode(), int(match[4])


def assert_forks_in_one_hand(log, philosophers):
    """Go through the log with the forks in mind: who holds which, since which line."""
    holders = {}
    for line, who, what, number in events(log):
        if what == "takes":
            assert number in (who, (who + 1) % philosophers), f"`{line}`: that fork lies elsewhere"
            assert number not in holders, f"`{line}`, but fork {number} is not free since `{holders[number][1]}`"
            holders[number] = who, line
        elif what == "puts":
            assert number in holders, f"`{line}`, but nobody holds fork {number}"
            assert holders[number][0] == who, f"`{line}`, but it was taken by another: `{holders[number][1]}`"
            del holders[number]
        else:
            for fork in (who, (who + 1) % philosophers):
                holder = holders.get(fork)
                assert holder is not None, f"`{line}`, but nobody holds fork {fork}"
                assert holder[0] == who, f"`{line}`, but fork {fork} is in another hand: `{holder[1]}`"


def test_one_fork_one_hand(program):
    """Step by step, one byte for one philosopher, and then freely, with many meals."""
    with program.start("5", "3", timeout=PATIENT_LIMIT) as process:
        for _step in range(8):
            process.settle(within=PATIENCE)
            assert_forks_in_one_hand(process.stdout, 5)
            process.send(b".")
        process.close_stdin()
        run = process.wait()
    assert run.exit_code == 0
    assert_forks_in_one_hand(run.stdout, 5)

    run = dine(program, 5, 200)
    assert run.exit_code == 0
    assert_forks_in_one_hand(run.stdout, 5)


def large_dinners(program):
    """Tens of thousands of lines: two threads that get in each other's way do so here, many times."""
    for philosophers, meals in ((16, 300), (30, 150)):
        run = dine(program, philosophers, meals)
        assert run.exit_code == 0
        yield run


def test_whole_lines(program):
    for run in large_dinners(program):
        lines = run.stdout.split(b"\n")
        broken = [line for line in lines[:-1] if LINE.fullmatch(line) is None]
        assert not broken, f"{len(broken)} of {len(lines) - 1} lines are not whole; the first is {broken[0]!r}"
        assert lines[-1] == b"", f"the last line has no end: {lines[-1]!r}"


def test_numbered(program):
    for run in large_dinners(program):
        numbers = [int(line.partition(b":")[0]) for line in run.stdout.splitlines()]
        for place, number in enumerate(numbers, start=1):
            assert number == place, f"line {place} of {len(numbers)} has the number {number}"


def test_nobody_ahead(program):
    """Before his meal k a philosopher has seen both neighbours eat k - 1."""
    run = dine(program, 5, 200)
    assert run.exit_code == 0
    eaten = [0] * 5
    for line, who, what, number in events(run.stdout):
        if what == "eats":
            assert number == eaten[who] + 1, f"`{line}`, but philosopher {who} has eaten {eaten[who]} meals so far"
            for neighbour in ((who - 1) % 5, (who + 1) % 5):
                assert eaten[neighbour] >= number - 1, (
                    f"`{line}`, but its neighbour {neighbour} has eaten {eaten[neighbour]} meals so far"
                )
            eaten[who] = number
    assert eaten == [200] * 5, f"everybody should have eaten 200 meals, but it is {eaten}"
