"""How the commands are started, and how their ends are told."""

import contextlib

from grader.checks import Fault

PATIENCE = 4.0
"""Seconds that a state may take on a busy machine, less than the time limit. Only a wrong program needs them."""

LONG = 25.0
"""The time limit of a run that goes through several states: each of them may take its `PATIENCE`."""

O_NONBLOCK = 0o4000


FIRST = "while read -r line; do :; done; echo at its end"
"""Forks nothing itself: the fork that is to fail is the second one in the whole run."""


def asleep(view):
    return [other for other in view.named("sleep") if other.blocked_in("clock_nanosleep", "nanosleep")]


def cat_alone(view, process):
    """Whether the program's only child that has not ended is a `cat` that waits for its input."""
    children = [child for child in view.children_of(process.pid) if child.state != "zombie"]
    return [child.command for child in children if child.blocked_in("read", fd=0)] == ["cat"] and len(children) == 1


def let_it_rest(process):
    """Wait until nothing moves any more; a program that never rests has been told so by another check."""
    process.view()
    process.view()
    with contextlib.suppress(AssertionError):
        process.settle(within=PATIENCE / 2)


def test_born_clean(program):
    with program.start("sleep", "1001", "--", "sleep", "1002", timeout=LONG) as process:
        view = process.wait_until(lambda view: len(asleep(view)) == 2, within=PATIENCE)
        commands = asleep(view)
        run = process.stop()
    leaks = run.findings("fd-leak-exec")
    leaks = type(leaks)(leak for leak in leaks if leak.process == "sleep")
    assert not leaks
    for command in commands:
        extra = {fd.number: fd.target for fd in command.fds if fd.number > 2}
        assert not extra, f"a command needs 0, 1 and 2, but these are open beside them: {extra}"
        stdin = next((fd for fd in command.fds if fd.number == 0), None)
        assert stdin is not None, "a command has no standard input"
        flags = int(stdin.info.split("flags:")[1].split()[0], 8)
        assert not flags & O_NONBLOCK, (
            "the standard input of a command is non-blocking: where it would have waited, its read fails with EAGAIN"
        )
        for what in ("ignored", "blocked"):
            signals = sorted(name for name in getattr(command.signals, what) if not name.startswith("SIGRT"))
            assert not signals, f"a command was started with {', '.join(signals)} {what}: it inherits that across exec"


def test_children(program, workdir):
    for words, status in (
        (("true", "--", "true"), 0),
        (("true", "--", "false"), 1),
        (("false", "--", "true"), 1),
        (("sh", "-c", "kill -TERM $$"), 1),
    ):
        run = program.run(*words)
        assert run.exit_code == status
        assert not run.findings("zombie", "orphan")

    workdir.write("notes.txt", b"no program\n", mode=0o644)
    for word in ("no-such-command", "./notes.txt"):
        with program.start(word, "--", "cat", timeout=LONG) as process:
            with contextlib.suppress(AssertionError):
                process.wait_until(lambda view: process.stderr and cat_alone(view, process), within=PATIENCE)
            let_it_rest(process)
            process.send(b"the rest runs\n")
            process.close_stdin()
            run = process.wait(within=PATIENCE)
        assert run.exit_code == 1, f"`{word}` cannot be executed: the status should be 1, not {run.exit_code}"
        assert word.encode() in run.stderr, f"standard error should name {word}, but has {run.stderr!r}"
        assert run.stdout == b"the rest runs\n", (
            f"the other command should run once and as if nothing had happened, but what is printed is {run.stdout!r}"
        )

    for call, errno_name, reason in (
        ("pipe", "EMFILE", b"Too many open files"),
        ("fork", "EAGAIN", b"Resource temporarily unavailable"),
    ):
        with program.start(
            "sh", "-c", FIRST, "--", "cat", timeout=LONG, fail=[Fault(call, errno_name, on_call=2)]
        ) as process:
            let_it_rest(process)
            waits = process.is_running
            process.close_stdin()
            run = process.wait(within=PATIENCE)
        assert not run.findings("deadlock")
        assert not waits, (
            f"the second {call} failed: the first command should see the end of its input at once, and you should end "
            "when it has, but your own input is still open, and you wait for something"
        )
        assert run.exit_code == 1, (
            f"the second {call} failed with {errno_name}: the program should end with 1, not {run.exit_code}"
        )
        assert reason in run.stderr, f"standard error should say why {call} failed, but has {run.stderr!r}"
        assert not run.findings("zombie", "orphan")
        assert run.stdout == b"at its end\n", (
            f"the second {call} failed: the first command should see the end of its input and end by itself, "
            f"but what it prints then is {run.stdout!r} and not b'at its end\\n'"
        )

    for words in ((), ("--",), ("--", "true"), ("true", "--"), ("true", "--", "--", "true")):
        run = program.run(*words)
        line = " ".join(("./nonblocking_pipe", *words))
        assert run.exit_code == 2, f"`{line}` is a usage error: the exit status should be 2, not {run.exit_code}"
        assert run.stderr != b"", f"`{line}` is a usage error: standard error should say so"
        assert len(run.processes) == 1, f"`{line}` is a usage error: nothing should be started"
