"""What the kernel says about the processes: how they end, what they leave behind."""

from grader.checks import Fault

PATIENCE = 3.0
"""Seconds that a state may take on a busy machine, less than the time limit. Only a wrong program needs them."""


def rest(process):
    """Wait until nobody moves any more. A program that never rests, or has ended, is judged as it then is."""
    try:
        return process.settle(within=PATIENCE)
    except AssertionError:
        return process.view()


def post(process, *counts):
    """Let the doorkeeper take all of them in."""
    process.send("".join(f"{count}\n" for count in counts).encode())
    return rest(process)


def children(process, view):
    return [child for child in view.children_of(process.pid) if child.state != "zombie"]


def over(process, view):
    """Whether the program's first process has ended."""
    return all(other.pid != process.pid or other.state == "zombie" for other in view.processes)


def test_ends(program):
    """Every report is made while the doorkeeper lives; then his input ends, and nothing is left to wait for."""
    with program.start("sum") as process:
        for line in (b"3\n", b"4\n"):
            process.send(line)
            process.expect(line, within=PATIENCE)
        rest(process)
        process.close_stdin()
        run = process.wait()
    assert not run.findings("deadlock")
    assert run.stdout == b"3\n4\n", f"3 and 4 have come, and nobody else, but the reports are {run.stdout!r}"
    assert run.exit_code == 0
    assert run.stderr == b"", f"standard error should be empty, but has {run.stderr!r}"


def test_doorkeeper_killed(program):
    """He is killed when he has posted 4 and the office, stopped, has not read it."""
    with program.start("sum") as process:
        process.send(b"3\n")
        process.expect(b"3\n", within=PATIENCE)
        rest(process)
        process.send_signal("SIGSTOP")
        rest(process)
        view = post(process, 4)
        for doorkeeper in children(process, view):
            process.send_signal("SIGKILL", to=doorkeeper.pid)
        rest(process)
        process.send_signal("SIGCONT")
        run = process.wait()
    assert not run.findings("deadlock")
    assert run.stdout == b"3\n4\n", f"3 and 4 were posted before he was killed, but the reports are {run.stdout!r}"
    assert run.exit_code == 1, f"the doorkeeper was killed: the exit status should be 1, not {run.exit_code}"
    assert run.stderr != b"", "the doorkeeper was killed: standard error should say so"


def test_fork_fails(program):
    run = program.run("sum", stdin=b"3\n", fail=[Fault("fork", "EAGAIN")])
    assert run.exit_code == 1, f"fork failed: the exit status should be 1, not {run.exit_code}"
    assert b"Resource temporarily unavailable" in run.stderr, (
        f"standard error should say why fork failed, but has {run.stderr!r}"
    )


def test_no_fd_leaks(program, fdprobe):
    """The second time, the input stays open until the command has run, so that there is one for certain."""
    command = ("sum", "sh", "-c", "fdprobe </dev/null")
    run = program.run(*command, stdin=b"3\n")
    assert not run.findings("fd-leak-exec")
    assert run.exit_code == 0
    assert not run.findings("fd-leak-exit")

    with program.start(*command) as process:
        post(process, 3)
        process.wait_until(lambda view: process.stderr, within=PATIENCE)
        process.close_stdin()
        run = process.wait()
    assert len(fdprobe.reports(run)) == 1, f"1 command should have run, but {len(fdprobe.reports(run))} did"
    extra = fdprobe.extra_descriptors(run)
    assert extra == {}, f"a command needs 0, 1 and 2, but these are open beside them, by pid: {extra}"
    assert not run.findings("fd-leak-exec", "fd-leak-exit")


def test_no_zombies(program):
    """The doorkeeper ends while a command, which has stopped itself, has not yet ended."""
    with program.start("sum", "sh", "-c", 'echo "$0"; kill -STOP $$') as process:
        process.send(b"3\n")
        process.wait_until(lambda view: any(shell.state == "stopped" for shell in view.named("sh")), within=PATIENCE)
        process.close_stdin()
        view = rest(process)
        if not over(process, view):  # if it is, the command stays: an orphan, as the grader will find
            for shell in view.named("sh"):
                process.send_signal("SIGCONT", to=shell.pid)
        run = process.wait()
    assert not run.findings("zombie", "orphan")
    assert run.stdout == b"3\n"
    assert run.exit_code == 0


def test_nobody_polls(program):
    for mode in ("sum", "try"):
        with program.start(mode) as process:
            for line in (b"3\n", b"4\n"):
                view = process.settle(within=PATIENCE)
                for sleeper in view.processes:
                    assert not sleeper.blocked_in("nanosleep", "clock_nanosleep"), (
                        f"{sleeper} sleeps for a time, in the hope that what it waits for will have happened by then"
                    )
                naps = process.naps()
                assert not naps, f"nobody has come, and whoever waits should sleep until then, but {naps}"
                process.send(line)
                process.expect(line, within=PATIENCE)
