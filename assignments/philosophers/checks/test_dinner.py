"""Whether all have eaten at the end, and how they wait until then.

The host decides how the threads interleave. As long as its standard input is open and empty, every philosopher that
can take a fork holds one and waits; the end of the input lets all of them go on, from that state and no other. What
is judged here does not depend on whether the lines of the log are whole: another check does that.
"""

import re
from contextlib import suppress

PATIENCE = 5.0
"""Seconds that a state may take on a busy machine, less than the time limit. Only a wrong program needs them."""

REST_SECONDS = 3.0
"""The same for coming to rest: a program that polls never does, and has to end before the time limit."""

PATIENT_LIMIT = 30.0
"""The time limit where a check takes a program through many states, or waits for thousands of lines."""

TAKES = re.compile(rb"^\d+: (\d+) takes \d+$", re.MULTILINE)


def rest(process):
    """Wait until nobody moves any more. A program that never rests, or has ended, is judged as it then is.

    A new thread sleeps until the grader has taken notice of it: that is no rest.
    """
    with suppress(AssertionError):
        while process.settle(within=REST_SECONDS).root.blocked_in("set_robust_list", "set_tid_address"):
            process.wait_until(
                lambda view: not view.root.blocked_in("set_robust_list", "set_tid_address"), within=PATIENCE
            )


def await_state(process, condition):
    """Wait until `condition(view)` is true; whether it has become so is for an assertion to say."""
    with suppress(AssertionError):
        process.wait_until(condition, within=PATIENCE)


def dine(program, philosophers, meals):
    """Let everybody come to rest with one fork in hand, and then all go on."""
    with program.start(str(philosophers), str(meals)) as process:
        rest(process)
        process.close_stdin()
        return process.wait()


def assert_all_have_eaten(run, philosophers, meals):
    assert not run.findings("deadlock")
    assert run.exit_code == 0
    eaten = run.stdout.count(b"eats")
    assert eaten == philosophers * meals, (
        f"{philosophers} philosophers and {meals} meals each are {philosophers * meals} meals, "
        f"but the log has {eaten} when {run} ends"
    )


def test_dinner(program):
    """All hold one fork, or wait for one that is held; then all go on. A ring in the order closes here for sure."""
    assert_all_have_eaten(dine(program, 5, 3), 5, 3)


def test_other_tables(program):
    for philosophers in (2, 3, 8):
        assert_all_have_eaten(dine(program, philosophers, 4), philosophers, 4)


def test_alone(program):
    run = dine(program, 1, 2)
    assert not run.findings("deadlock")
    assert run.exit_code == 0
    log = [b"1: 0 takes 0", b"2: 0 eats 1", b"3: 0 puts 0", b"4: 0 takes 0", b"5: 0 eats 2", b"6: 0 puts 0"]
    assert run.stdout.splitlines() == log, f"alone, with one fork, two meals are six lines, not {run.stdout!r}"


def test_one_fork_in_hand(program):
    with program.start("5", "1") as process:
        await_state(process, lambda view: b"takes" in process.stdout and view.root.blocked_in("read", fd=0))
        rest(process)
        log = process.stdout
        assert b"takes" in log, f"everybody waits for the host, but no line tells who has taken a fork: {log!r}"
        assert b"eats" not in log, f"the host still speaks, and somebody eats already: {log!r}"
        takers = TAKES.findall(log)
        twice = {taker.decode() for taker in takers if takers.count(taker) > 1}
        assert not twice, f"the host still speaks, and a philosopher has taken two forks already: {', '.join(twice)}"
        assert process.is_running, "the host still speaks, so everybody has to wait, but the program has ended"
        assert process.view().root.blocked_in("read", fd=0), (
            "nobody waits for the host, that is in read on standard input"
        )


def test_side_by_side(program):
    """Six forks: in whichever order they are taken, two philosophers can hold one."""
    with program.start("6", "1") as process:
        await_state(process, lambda _view: process.stdout.count(b"takes") >= 2)
        taken = process.stdout.count(b"takes")
        assert taken >= 2, "of six philosophers only one has taken a fork; what do the others wait for?"


def test_nobody_polls(program):
    """After some bytes somebody has eaten and waits for his turn, or for his second fork, if he does not poll."""
    with program.start("5", "3", timeout=PATIENT_LIMIT) as process:
        for _step in range(12):
            view = process.settle(within=PATIENCE)
            assert not view.root.blocked_in("nanosleep", "clock_nanosleep"), (
                "a thread sleeps for a time, in the hope that what it waits for will have happened by then"
            )
            naps = process.naps()
            assert not naps, f"everybody waits and should sleep until something happens, but {naps}"
            process.send(b".")


def test_no_races(instrumented, workdir):
    """ThreadSanitizer does not know that flockfile is a lock: it would take what that guards for a race."""
    if b"flockfile" in workdir.read("philosophers.c"):
        return
    run = instrumented("thread").run("5", "100")
    assert run.exit_code == 0
    assert not run.findings("race")


def test_create_fails(program):
    """One hundred philosophers need more threads than the grader grants.

    As long as one is missing, the k-th neighbour of that seat can eat k times: with so many meals nobody has ended by
    then, and made room for another thread.
    """
    run = program.run("100", "200")
    assert not run.findings("deadlock")
    assert run.exit_code == 1, f"there is no thread for somebody: exit status 1 is expected, not {run.exit_code}"
    assert run.stderr != b"", "there is no thread for somebody: standard error should say so"
