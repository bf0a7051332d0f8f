"""What is counted and reported.

To see what the counter does while nobody reads it, the office, which is the program's first process, is stopped
(SIGSTOP) and later continued. Meanwhile the doorkeeper goes on, until he waits for more input or for room.
"""

import contextlib
import re

PATIENCE = 3.0
"""Seconds that a state may take on a busy machine, less than the time limit. Only a wrong program needs them."""

REPORT = re.compile(rb"\d+\n")

FULL = (1 << 64) - 2
"""The most that an eventfd can hold."""


def rest(process):
    """Wait until nobody moves any more. A program that never rests, or has ended, is judged as it then is."""
    try:
        return process.settle(within=PATIENCE)
    except AssertionError:
        return process.view()


def stop_office(process):
    """Stop the first process where it waits for the counter."""
    rest(process)
    process.send_signal("SIGSTOP")
    rest(process)


def post(process, *counts):
    """Let the doorkeeper take all of them in, as far as he can."""
    process.send("".join(f"{count}\n" for count in counts).encode())
    return rest(process)


def finish(process):
    process.close_stdin()
    return process.wait()


def test_sums(program):
    with program.start("sum") as process:
        for line in (b"3\n", b"12\n", b"100000000000\n"):
            process.send(line)
            process.expect(line, within=PATIENCE)
            assert process.stdout.endswith(line), f"the line after {line!r} comes too early: {process.stdout!r}"
        rest(process)
        process.send(b"0\n4\n")
        process.expect(b"4\n", within=PATIENCE)
        assert process.stdout == b"3\n12\n100000000000\n4\n", (
            f"3, 12, 100000000000, nobody, and 4 have come, but the reports are {process.stdout!r}"
        )


def test_adds_up(program):
    with program.start("sum") as process:
        stop_office(process)
        post(process, 3, 4, 5)
        process.send_signal("SIGCONT")
        process.expect(REPORT, within=PATIENCE)
        assert process.stdout == b"12\n", (
            f"3, 4 and 5 came while nobody read, so the next report is 12, but it is {process.stdout!r}"
        )


def test_one_by_one(program):
    """Somebody comes alone, then two groups come while the office does not look."""
    with program.start("one") as process:
        process.send(b"1\n")
        process.expect(REPORT, within=PATIENCE)
        stop_office(process)
        post(process, 2, 3)
        process.send_signal("SIGCONT")
        for _person in range(5):
            process.expect(b"1\n", within=PATIENCE)
        assert process.stdout == b"1\n" * 6, f"1, 2 and 3 have come: six lines with a 1, not {process.stdout!r}"


def test_turns_away(program):
    with program.start("try") as process:
        stop_office(process)
        post(process, FULL, 5)
        assert process.stderr == b"turned away: 5\n", (
            "there was no room for 5: `turned away: 5` is expected on standard error while the office does not read, "
            f"not {process.stderr!r}"
        )
        process.send_signal("SIGCONT")
        process.expect(REPORT, within=PATIENCE)
        process.send(b"7\n")
        process.expect(REPORT, within=PATIENCE)
        run = finish(process)
    assert not run.findings("deadlock")
    assert run.stdout == b"%d\n7\n" % FULL, f"the counter was full, then 7 came, but the reports are {run.stdout!r}"
    assert run.stderr == b"turned away: 5\n", f"only 5 had to be turned away, but standard error has {run.stderr!r}"
    assert run.exit_code == 0


def test_waits_for_room(program):
    with program.start("sum") as process:
        stop_office(process)
        post(process, FULL, 5, 6)
        process.send_signal("SIGCONT")
        process.expect(REPORT, within=PATIENCE)
        rest(process)  # what is still in the counter when the doorkeeper ends is another check's affair
        run = finish(process)
    assert not run.findings("deadlock")
    reports = [int(line) for line in run.stdout.split() if line.isdigit()]
    assert (reports[:1], sum(reports[1:])) == ([FULL], 11), (
        f"the counter was full, and 5 and 6 had to wait; all of them are to be reported, but the reports are {reports}"
    )
    assert run.exit_code == 0


def test_nothing_lost(program):
    """The doorkeeper has ended long before the office looks again."""
    for mode, expected in (("sum", b"5\n"), ("one", b"1\n" * 5)):
        with program.start(mode) as process:
            stop_office(process)
            post(process, 2, 3)
            process.close_stdin()
            rest(process)
            process.send_signal("SIGCONT")
            run = process.wait()
        assert not run.findings("deadlock")
        assert run.stdout == expected, (
            f"5 people were posted in mode {mode} before the doorkeeper ended, but the reports are {run.stdout!r}"
        )
        assert run.exit_code == 0


def test_announces(program):
    with program.start("sum", "printf", "[%s][%s]", "two words") as process:
        process.send(b"3\n")
        process.expect(b"[two words][3]", within=PATIENCE)

    with program.start("sum", "sh", "-c", 'echo "$0"; kill -STOP $$') as process:
        process.send(b"3\n")
        process.expect(b"3\n", within=PATIENCE)
        view = post(process, 4, 5)
        assert process.stdout == b"3\n", (
            f"the command for 3 has not ended yet, and already the output is {process.stdout!r}"
        )
        for shell in view.named("sh"):
            process.send_signal("SIGCONT", to=shell.pid)
        process.expect(REPORT, within=PATIENCE)
        assert process.stdout == b"3\n9\n", (
            f"4 and 5 came while the command for 3 ran, so the next is for 9, but the output is {process.stdout!r}"
        )

    with program.start(
        "sum", "sh", "-c", 'echo "$0"; [ "$0" != 3 ] || exit 7; [ "$0" != 4 ] || kill -KILL $$'
    ) as process:
        for count in (3, 4, 5):
            process.send(b"%d\n" % count)
            with contextlib.suppress(AssertionError):
                process.expect(b"%d\n" % count, within=PATIENCE)
            assert process.stdout.endswith(b"%d\n" % count), (
                "the command for 3 exits with 7, that for 4 is killed, and the next report is made all the same: 3, 4 "
                f"and 5 have come, but the commands have printed {process.stdout!r}"
            )
            rest(process)

    with program.start("sum", "./no-such-command") as process:
        before = {other.pid for other in rest(process).processes}
        process.send(b"3\n")
        process.wait_until(lambda view: b"no-such-command" in process.stderr, within=PATIENCE)
        left = [other for other in rest(process).processes if other.pid not in before and other.state != "zombie"]
        assert not left, f"`./no-such-command` cannot be executed, so its process has to end, but there is {left}"
        said = len(process.stderr)
        process.send(b"4\n")
        with contextlib.suppress(AssertionError):
            process.wait_until(lambda _view: len(process.stderr) > said, within=PATIENCE)
        assert len(process.stderr) > said, (
            "`./no-such-command` could not be executed for 3, and the office is to go on; then 4 came, and standard "
            "error names the command no second time"
        )
