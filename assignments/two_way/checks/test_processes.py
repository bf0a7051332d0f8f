"""How the filter is started, and how its end is told."""

from grader.checks import Fault

PATIENCE = 3.0
"""Seconds that a state may take on a busy machine, less than the time limit. Only a wrong program needs them."""


LONG = 15.0
"""The time limit of a run that goes through several states: each of them may take its `PATIENCE`."""


def reading(view, command):
    return any(other.blocked_in("read", fd=0) for other in view.named(command))


def over(view, pid):
    return all(other.pid != pid or other.state == "zombie" for other in view.processes)


def test_exit_status(program):
    for code in (0, 3, 255):
        run = program.run("sh", "-c", f"exit {code}")
        assert run.exit_code == code, f"the filter ends with {code}: so should the program, not with {run.exit_code}"

    for name, number in (("TERM", 15), ("KILL", 9)):
        run = program.run("sh", "-c", f"kill -{name} $$")
        assert run.exit_code == 128 + number, (
            f"SIG{name} ({number}) ends the filter: the program should end with {128 + number}, not {run.exit_code}"
        )


def test_cannot_start(program, workdir):
    missing = program.run("no-such-command")
    assert missing.exit_code == 127, f"a command that does not exist counts as 127, not {missing.exit_code}"
    assert b"no-such-command" in missing.stderr, "standard error should name the command that does not exist"
    assert missing.stdout == b""

    workdir.write("notes.txt", b"no program\n", mode=0o644)
    refused = program.run("./notes.txt")
    assert refused.exit_code == 126, f"a file that may not be executed counts as 126, not {refused.exit_code}"
    assert b"notes.txt" in refused.stderr, "standard error should name the file that may not be executed"

    nothing = program.run()
    assert nothing.exit_code == 2, f"without a command the exit status should be 2, not {nothing.exit_code}"
    assert nothing.stderr != b"", "without a command standard error should say how the program is used"


def test_born_clean(program, fdprobe):
    with program.start("fdprobe", timeout=LONG) as process:
        view = process.wait_until(lambda view: reading(view, "fdprobe"), within=PATIENCE)
        (probe,) = view.named("fdprobe")
        run = process.stop()
    assert not run.findings("fd-leak-exec")
    assert len(fdprobe.reports(run)) == 1, "the filter writes a line to standard error, which did not arrive there"
    extra = fdprobe.extra_descriptors(run)
    assert extra == {}, f"a filter needs 0, 1 and 2, but these are open beside them, by pid: {extra}"
    for what in ("ignored", "blocked"):
        signals = sorted(name for name in getattr(probe.signals, what) if not name.startswith("SIGRT"))
        assert not signals, f"the filter was started with {', '.join(signals)} {what}: it inherits that across exec"


def test_no_zombies(program):
    """The filter has ended when the end of its output comes: a process it has left behind still holds that."""
    with program.start("sh", "-c", "sleep 1000 & exit 0", timeout=LONG) as process:
        view = process.wait_until(lambda view: view.named("sleep"), within=PATIENCE)
        (left_behind,) = view.named("sleep")
        process.wait_until(lambda view: over(view, left_behind.ppid), within=PATIENCE)
        process.close_stdin()
        process.send_signal("SIGKILL", to=left_behind.pid)
        run = process.wait(within=PATIENCE)
    assert run.exit_code is not None
    assert not run.findings("zombie", "orphan")


def test_pipe_or_fork_fails(program):
    for call, on_call, errno_name, reason in (
        ("pipe", 1, "EMFILE", b"Too many open files"),
        ("pipe", 2, "EMFILE", b"Too many open files"),
        ("fork", 1, "EAGAIN", b"Resource temporarily unavailable"),
    ):
        run = program.run("cat", fail=[Fault(call, errno_name, on_call=on_call)])
        assert run.exit_code == 1, (
            f"{call} number {on_call} failed with {errno_name}: the program should end with 1, not {run.exit_code}"
        )
        assert reason in run.stderr, f"standard error should say why {call} failed, but has {run.stderr!r}"
        assert not run.findings("zombie", "orphan")
