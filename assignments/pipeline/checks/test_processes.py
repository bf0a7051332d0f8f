"""What the kernel says about the processes: their descriptors, their ends, their signals."""

PATIENCE = 3.0
"""Seconds that a state may take on a busy machine, less than the time limit. Only a wrong program needs them."""


def alive(view, command):
    return [stage for stage in view.named(command) if stage.state != "zombie"]


def reading(view, command):
    return [stage for stage in alive(view, command) if stage.blocked_in("read", fd=0)]


def over(view, process):
    """Whether the program's first process has ended."""
    return all(other.pid != process.pid or other.state == "zombie" for other in view.processes)


def settled(view, process):
    """Whether the first process has done what it can for now: it sleeps in whatever it waits with, or is over."""
    return over(view, process) or any(
        other.pid == process.pid and other.state == "sleeping" and not other.blocked_in("exit_group")
        for other in view.processes
    )


def test_no_fd_leaks(program, fdprobe):
    """The first, a middle and the last stage list the descriptors they were born with. None waits for input."""
    probe = ("sh", "-c", "fdprobe </dev/null")
    run = program.run(*probe, "|", *probe, "|", *probe)
    assert not run.findings("fd-leak-exec")
    assert run.exit_code == 0
    assert len(fdprobe.reports(run)) == 3, f"3 stages should have run, but {len(fdprobe.reports(run))} did"
    extra = fdprobe.extra_descriptors(run)
    assert extra == {}, f"a stage needs 0, 1 and 2, but these are open beside them, by pid: {extra}"


def test_no_zombies(program):
    run = program.run("echo", "go", "|", "sh", "-c", 'read -r word; echo "got $word"')
    assert run.exit_code == 0
    assert run.stdout == b"got go\n"
    assert not run.findings("zombie", "orphan")


def test_waits_for_every_stage(program):
    """The last stage ends with 3 while the first still waits for input: the pipeline has to stay for it."""
    with program.start("cat", "|", "sh", "-c", "read -r line; exit 3") as process:
        process.wait_until(lambda view: reading(view, "cat") and reading(view, "sh"), within=PATIENCE)
        process.wait_until(lambda view: settled(view, process), within=PATIENCE)
        process.send(b"go\n")
        process.wait_until(lambda view: not alive(view, "sh"), within=PATIENCE)
        view = process.wait_until(lambda view: settled(view, process), within=PATIENCE)
        if not over(view, process):  # if it is, the first stage stays: an orphan, as the grader will find
            process.close_stdin()
        run = process.wait(within=PATIENCE)
    assert not run.findings("orphan")
    assert run.exit_code == 3, (
        f"the last stage ended with 3, the first one later with 0: the pipeline should end with 3, not {run.exit_code}"
    )


def test_ctrl_c(program):
    """Two stages wait for input. Ctrl-C ends both; the pipeline lives on until it has seen them end."""
    with program.start("cat", "|", "cat") as process:
        process.wait_until(lambda view: len(reading(view, "cat")) == 2, within=PATIENCE)
        view = process.wait_until(lambda view: settled(view, process), within=PATIENCE)
        for stage in alive(view, "cat"):
            signals = stage.signals
            assert "SIGINT" not in signals.ignored, (
                "a stage ignores SIGINT: what is ignored before exec stays ignored after it"
            )
            assert "SIGINT" not in signals.blocked, (
                "a stage blocks SIGINT: what is blocked before exec stays blocked after it"
            )
        process.send_signal("SIGINT", to="group")
        run = process.wait(within=PATIENCE)
    assert run.exit_code == 130, "Ctrl-C (SIGINT, 2) ends the stages: the pipeline should end with 130, " + (
        f"not by {run.signal} itself" if run.signal else f"not {run.exit_code}"
    )
    assert not run.findings("zombie", "orphan")
