"""What exec and fork keep: the kernel's word on the signals of whoever was started."""

import shlex
from contextlib import suppress

PATIENCE = 5.0
"""Seconds that a state may take on a busy machine, less than the time limit. Only a wrong program needs them."""


def is_asleep(process):
    return process.command == "sleep" and process.blocked_in("clock_nanosleep", "nanosleep", "restart_syscall")


def named(signals):
    """Without the real-time signals, two of which belong to the C library."""
    return {name for name in signals if not name.startswith("SIGRT")}


def told(signals):
    return " and ".join(sorted(signals)) or "no signal"


def assert_signals(process, who, ignored=frozenset(), blocked=frozenset()):
    for what, wanted in (("ignored", set(ignored)), ("blocked", set(blocked))):
        found = named(getattr(process.signals, what))
        assert found == wanted, f"in {who} {told(wanted)} should be {what}, but the kernel says: {told(found)}"


def the_sleep(view):
    """The `sleep` that was run, if it sleeps, and so do all those that wait for it; otherwise None."""
    if any(process.state != "sleeping" for process in view.processes):
        return None
    return next((process for process in view.processes if is_asleep(process)), None)


def can_block(program):
    """Whether `block` does what it should; if not, that is for another check to say."""
    with program.start("block", "SIGUSR2", "sleep", "1001") as process, suppress(AssertionError):
        view = process.wait_until(the_sleep, within=PATIENCE)
        return "SIGUSR2" in the_sleep(view).signals.blocked
    return False


def test_ignored_is_kept(program):
    """The process itself becomes `sleep`; SIGINT passes it by, SIGTERM ends it."""
    command = ("ignore", "SIGINT", "sleep", "1001")
    with program.start(*command) as process:
        view = process.wait_until(lambda view: is_asleep(view.root), within=PATIENCE)
        assert_signals(view.root, f"`{' '.join(command)}`", ignored={"SIGINT"})
        process.send_signal("SIGINT")
        process.send_signal("SIGTERM")
        run = process.wait(within=PATIENCE)
    assert run.signal == "SIGTERM"

    command = ("ignore", "SIGHUP", "./signal_basics", "ignore", "SIGUSR2", "sleep", "1001")
    with program.start(*command) as process:
        view = process.wait_until(lambda view: is_asleep(view.root), within=PATIENCE)
        assert_signals(view.root, f"`{' '.join(command)}`", ignored={"SIGHUP", "SIGUSR2"})


def test_blocked_is_kept(program):
    """SIGTERM stays pending and does not end it."""
    command = ("block", "SIGTERM", "sleep", "1001")
    with program.start(*command) as process:
        view = process.wait_until(lambda view: is_asleep(view.root), within=PATIENCE)
        assert_signals(view.root, f"`{' '.join(command)}`", blocked={"SIGTERM"})
        process.send_signal("SIGTERM")
        process.wait_until(lambda view: "SIGTERM" in view.root.signals.pending, within=PATIENCE)

    command = ("block", "SIGINT", "./signal_basics", "block", "SIGUSR1", "sleep", "1001")
    with program.start(*command) as process:
        view = process.wait_until(lambda view: is_asleep(view.root), within=PATIENCE)
        assert_signals(view.root, f"`{' '.join(command)}`", blocked={"SIGINT", "SIGUSR1"})


def test_command_is_clean(program):
    """What the tool was started with is what the command gets: nothing, or something ignored, or something blocked."""
    cases = [
        (("run", "sleep", "1001"), set(), set()),
        (("run", "sh", "-c", "trap '' QUIT; exec ./signal_basics run sleep 1001"), {"SIGQUIT"}, set()),
        (("run", "sh", "-c", "trap '' INT USR1; exec ./signal_basics run sleep 1001"), {"SIGINT", "SIGUSR1"}, set()),
    ]
    if can_block(program):
        cases.append((("block", "SIGQUIT", "./signal_basics", "run", "sleep", "1001"), set(), {"SIGQUIT"}))
    for command, ignored, blocked in cases:
        with program.start(*command) as process:
            view = process.wait_until(the_sleep, within=PATIENCE)
            who = f"the `sleep` of `./signal_basics {shlex.join(command)}`"
            assert_signals(the_sleep(view), who, ignored=ignored, blocked=blocked)


def test_outlives_ctrl_c(program):
    for signal, number in (("SIGINT", 2), ("SIGQUIT", 3)):
        with program.start("run", "sleep", "1001") as process:
            process.wait_until(the_sleep, within=PATIENCE)
            process.send_signal(signal, to="group")
            run = process.wait(within=PATIENCE)
        assert run.exit_code == 128 + number, (
            f"{signal} to the whole group ends the command: you should end with {128 + number}, "
            + (f"not by {run.signal} yourself" if run.signal else f"not with {run.exit_code}")
        )
        assert not run.findings("zombie", "orphan")


def test_run_status(program, workdir):
    workdir.write("notes.txt", b"no program\n", mode=0o644)
    for command, status in (
        (("sh", "-c", "exit 0"), 0),
        (("sh", "-c", "exit 3"), 3),
        (("sh", "-c", "kill -TERM $$"), 143),
        (("sh", "-c", "kill -KILL $$"), 137),
        (("no-such-command",), 127),
        (("./notes.txt",), 126),
    ):
        run = program.run("run", *command)
        line = " ".join(("run", *command))
        assert run.exit_code == status, f"the exit status of `{line}` should be {status}, not {run.exit_code}"
        assert not run.findings("zombie", "orphan")
        if status in (126, 127):
            assert command[0].encode() in run.stderr, f"standard error should name {command[0]}"

    for words in ((), ("count", "more"), ("wait",), ("run",), ("ignore", "SIGINT"), ("block", "SIGNONE", "true")):
        run = program.run(*words)
        line = " ".join(("./signal_basics", *words))
        assert run.exit_code == 2, f"`{line}` is a usage error: the exit status should be 2, not {run.exit_code}"
        assert run.stderr != b"", f"`{line}` is a usage error: standard error should say so"
