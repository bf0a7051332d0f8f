"""Senders that the check watches, lets go on letter by letter, and kills in the middle of one.

The host decides how the processes interleave. As long as standard input is open and empty, the sender with the lock
waits in read, with half a letter in the box, and all others wait for the lock.
"""

import re
from contextlib import suppress

from grader.checks import Fault

PATIENCE = 5.0
"""Seconds that a state may take on a busy machine, less than the time limit. Only a wrong program needs them."""

REST_SECONDS = 3.0
"""The same for coming to rest: a program that polls never does, and has to end before the time limit."""

PATIENT_LIMIT = 30.0
"""The time limit where a check takes a program through many states, or waits for thousands of lines."""

HALF, LETTER = 16, 32
WHOLE = re.compile(rb"from ([ \d]{10})\nletter ([ \d]{8})\n")
LAST_LINE = re.compile(rb"^(\d+) letters\n\Z", re.MULTILINE)
WAITING_FOR_CHILDREN = ("wait4", "waitid")


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
    """The pids of the senders that listen to the host."""
    return [child.pid for child in alive(view, process) if child.blocked_in("read", fd=0)]


def the_one_at_the_host(process):
    await_state(process, lambda view: at_the_host(view, process))
    senders = at_the_host(process.view(), process)
    assert senders, "no sender waits for the host, that is in read on standard input"
    assert len(senders) == 1, (
        f"{len(senders)} senders wait for the host at the same time, each in the middle of a letter"
    )
    return senders[0]


def letters_in(data, where):
    """The letters in `data`, as (sender, number); fails if one is not whole."""
    letters = []
    for start in range(0, len(data), LETTER):
        piece = data[start : start + LETTER]
        match = WHOLE.fullmatch(piece)
        assert match is not None, (
            f"letter {len(letters) + 1} {where} is not whole: these {len(piece)} bytes are {piece!r}"
        )
        letters.append((int(match[1]), int(match[2])))
    return letters


def delivered(run):
    """The letters on standard output; fails if one is not whole, or the last line does not tell how many they are."""
    last = LAST_LINE.search(run.stdout)
    letters = letters_in(run.stdout[: last.start()] if last else run.stdout, "on standard output")
    assert last is not None, (
        f"the last line should tell the number of letters, but the output ends {run.stdout[-40:]!r}"
    )
    assert int(last[1]) == len(letters), f"{len(letters)} letters were delivered, but the last line says {last[0]!r}"
    return letters


def test_all_letters(program):
    """Without a lock all four have half a letter in the box at first."""
    with program.start("box", "4", "2") as process:
        await_state(process, lambda view: len(alive(view, process)) == 4)
        rest(process)
        process.close_stdin()
        run = process.wait()
    assert not run.findings("deadlock")
    assert run.exit_code == 0
    letters = delivered(run)
    expected = [(sender, number) for sender in range(4) for number in (1, 2)]
    assert sorted(letters) == expected, (
        f"four senders put two letters each into the box, which are 8, but these {len(letters)} arrived "
        f"(sender, letter): {sorted(letters)}"
    )


def test_one_at_a_time(program, workdir):
    with program.start("box", "4", "8", timeout=PATIENT_LIMIT) as process:
        await_state(process, lambda view: len(alive(view, process)) == 4 and at_the_host(view, process))
        rest(process)
        senders = len(alive(process.view(), process))
        assert senders == 4, f"four senders should be at work, each a process, but there are {senders}"

        def sent():
            """What is in the box, after what was delivered already."""
            return process.stdout + workdir.read("box")

        for count in range(4):
            await_state(
                process,
                lambda view, size=count * LETTER + HALF: at_the_host(view, process) and len(sent()) == size,
            )
            the_one_at_the_host(process)
            data = sent()
            rest_of_it = data[count * LETTER :]
            letters_in(data[: count * LETTER], "in the box")
            assert re.fullmatch(rb"from [ \d]{10}\n", rest_of_it), (
                f"{count} letters are in the box, and a sender waits for the host: half a letter, the first line, "
                f"should follow, but it is {rest_of_it!r}"
            )
            process.send(b".")


def test_many_letters(program):
    run = program.run("box", "6", "300", timeout=PATIENT_LIMIT)
    assert run.exit_code == 0
    letters = delivered(run)
    for sender in range(6):
        numbers = [number for who, number in letters if who == sender]
        assert len(numbers) == 300, f"sender {sender} has put 300 letters into the box, but {len(numbers)} arrived"
        assert numbers == list(range(1, 301)), f"the letters of sender {sender} do not arrive in their order"


def test_waiting_sleeps(program):
    with program.start("box", "4", "5", timeout=PATIENT_LIMIT) as process:
        for _letter in range(3):
            the_one_at_the_host(process)
            view = process.settle(within=PATIENCE)
            naps = [child.pid for child in view.children_of(process.pid) if child.blocked_in("clock_nanosleep")]
            assert not naps, "a sender sleeps for a time, in the hope that the box will be free by then"
            nap = process.naps()
            assert not nap, f"a sender should sleep until the box is free, but {nap}"
            process.send(b".")


def test_postman(program):
    """Five senders with a letter each: at each end of one, the next has half a letter in the box."""
    with program.start("box", "5", "1", timeout=PATIENT_LIMIT) as process:
        for ended in range(1, 5):
            the_one_at_the_host(process)
            process.send(b".")
            await_state(
                process,
                lambda view, left=5 - ended: len(alive(view, process)) == left and at_the_host(view, process),
            )
            rest(process)
            letters_in(process.stdout, "that the postman has delivered so far")
            assert process.stdout or not process.view().root.blocked_in(*WAITING_FOR_CHILDREN), (
                "a sender has ended, and the postman has not delivered its letter, but waits for another one to end"
            )
        process.close_stdin()
        run = process.wait()
    assert run.exit_code == 0
    letters = delivered(run)
    assert len(letters) == 5, f"5 letters were put into the box, but {len(letters)} arrived"

    with program.start("box2", "3", "1", timeout=PATIENT_LIMIT) as process:
        await_state(process, lambda view: len(alive(view, process)) == 3 and at_the_host(view, process))
        busy = the_one_at_the_host(process)
        victim = max(child.pid for child in alive(process.view(), process) if child.pid != busy)
        process.send_signal("SIGKILL", to=victim)

        def is_overlooked(view):
            """The postman may still wait for the lock before he waits for the dead; but not for another sender."""
            zombies = [child.pid for child in view.children_of(process.pid) if child.state == "zombie"]
            return victim in zombies and view.root.blocked_in(*WAITING_FOR_CHILDREN)

        await_state(process, lambda view: victim not in [child.pid for child in alive(view, process)])
        await_state(process, lambda view: not is_overlooked(view))
        assert not (process.is_running and is_overlooked(process.view())), (
            "the last of three senders has ended (it was killed) before the others, and the postman does not come, "
            "but waits for a certain other one to end"
        )


def test_half_letter(program, workdir):
    with program.start("box", "4", "2") as process:
        victim = the_one_at_the_host(process)
        process.send_signal("SIGKILL", to=victim)
        process.close_stdin()
        run = process.wait()
    assert not run.findings("deadlock")
    assert run.exit_code is not None
    letters = delivered(run)
    assert len(letters) == len(set(letters)) == 6, (
        "one of four senders was killed in the middle of its first letter; of the others six letters should have "
        f"arrived, but these did (sender, letter): {sorted(letters)}"
    )

    with program.start("box2", "1", "3") as process:
        process.send_signal("SIGKILL", to=the_one_at_the_host(process))
        process.close_stdin()
        run = process.wait()
    assert run.exit_code is not None
    assert run.stdout == b"0 letters\n", (
        "the only sender was killed in the middle of its first letter: `0 letters` should be the only line, "
        f"but the output is {run.stdout!r}"
    )

    with program.start("box3", "1", "3") as process:
        the_one_at_the_host(process)
        process.send(b".")
        await_state(process, lambda view: len(workdir.read("box3")) == LETTER + HALF and at_the_host(view, process))
        process.send_signal("SIGKILL", to=the_one_at_the_host(process))
        process.close_stdin()
        run = process.wait()
    assert run.exit_code is not None
    assert run.stdout == b"from          0\nletter        1\n1 letters\n", (
        "the only sender was killed in the middle of its second letter: the first should arrive, "
        f"but the output is {run.stdout!r}"
    )


def test_death_is_reported(program):
    with program.start("box", "3", "1") as process:
        process.send_signal("SIGKILL", to=the_one_at_the_host(process))
        process.close_stdin()
        run = process.wait()
    assert run.exit_code == 1, f"a sender was killed: exit status 1 is expected, not {run.exit_code}"
    assert run.stderr != b"", "a sender was killed: standard error should say so"


def test_fork_fails(program, workdir):
    """The third of three forks fails. Which senders the others are is not said."""
    run = program.run("box", "3", "2", fail=[Fault("fork", "EAGAIN", on_call=3)])
    assert run.exit_code == 1, f"the third fork failed: exit status 1 is expected, not {run.exit_code}"
    assert run.stderr != b"", "the third fork failed: standard error should say so"
    assert run.stdout.endswith(b"4 letters\n"), (
        f"the third fork failed, and the letters of the other two, 4 letters, should arrive, but it is {run.stdout!r}"
    )
    assert "box" not in workdir.names(), "the third fork failed; the program has ended, and the box is still there"
    assert not run.findings("zombie", "orphan")


def test_box_exists(program, workdir):
    for box, letters in (("box", b"somebody's own letters\n"), ("empty", b"")):
        workdir.write(box, letters)
        run = program.run(box, "2", "1")
        assert run.exit_code == 1, f"there is a file `{box}` already: exit status 1 is expected, not {run.exit_code}"
        assert run.stderr != b"", f"there is a file `{box}` already: standard error should say so"
        assert box in workdir.names(), f"there was a file `{box}` already, and it is gone now"
        content = workdir.read(box)
        assert content == letters, f"there was a file `{box}` with {letters!r} already, and now it has {content!r}"


def test_leaves_nothing(program, workdir):
    before = workdir.names()
    run = program.run("box", "3", "2")
    assert run.exit_code == 0
    assert not run.findings("zombie", "orphan", "fd-leak-exit")
    left = sorted(set(workdir.names()) - set(before))
    assert not left, f"{run} has ended and left behind: {', '.join(left)}"
