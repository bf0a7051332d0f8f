"""A shell on a terminal: keys, jobs and process groups. The check types, and looks at what the kernel says."""

import contextlib
import re

PATIENCE = 3.0
"""Seconds that a state may take on a busy machine. Only a wrong program needs them."""

LONG = 30.0
"""Seconds that the shell may run; every single wait is limited by PATIENCE."""

PROMPT = b"mini> "
CTRL_C, CTRL_Z = b"\x03", b"\x1a"


def lines_since(process, offset):
    """The lines that the terminal shows beyond the offset, what was typed among them but for its ^C and ^Z."""
    return re.sub(rb"\r|\^[CZ]", b"", process.stdout[offset:]).split(b"\n")


def shown(process):
    """The last that the terminal shows, for a message."""
    return repr(process.stdout[-200:].replace(b"\r", b"").decode("utf-8", "replace"))


def states(process):
    """What every process does right now, for a message."""
    return ", ".join(f"`{one.command}` (pid {one.pid}) {one.state}" for one in process.view().processes) or "none"


def wait_for(process, condition):
    """Wait until `condition()` is true of what is shown; whether it is, the check asks afterwards."""
    with contextlib.suppress(AssertionError):
        process.wait_until(lambda view: condition(), within=PATIENCE)


def until(process, condition, what):
    """Wait until `condition(view)` is true of the processes, and return the view."""
    try:
        return process.wait_until(condition, within=PATIENCE)
    except AssertionError:
        raise AssertionError(
            f"{what}, but it is not so; the processes are {states(process)}, and the terminal shows {shown(process)}"
        ) from None


def at_rest(process):
    """Wait until nothing moves any more. The two looks make sure that this is judged by what is newer than they."""
    process.view()
    process.view()
    with contextlib.suppress(AssertionError):
        process.settle(within=PATIENCE)


def expect_prompt(process, offset, when, *wanted):
    """Wait for the wanted lines and for the prompt behind them, and return the lines."""

    def is_there():
        lines = lines_since(process, offset)
        return lines[-1].endswith(PROMPT) and all(line in lines for line in wanted)

    wait_for(process, is_there)
    assert process.is_running, f"{when}, the shell has ended; the terminal shows {shown(process)}"
    lines = lines_since(process, offset)
    for line in wanted:
        assert line in lines, f"{when}, `{line.decode()}` should be printed, but the terminal shows {shown(process)}"
    assert is_there(), f"{when}, the prompt `mini> ` should come, but the terminal shows {shown(process)}"
    return lines


def open_shell(process):
    expect_prompt(process, 0, "when the shell starts on a terminal")
    at_rest(process)


def press(process, key, name, *wanted):
    """Press a key and wait for the prompt."""
    at_rest(process)
    offset = len(process.stdout)
    process.send(key)
    return expect_prompt(process, offset, f"after {name}", *wanted)


def enter(process, line, *wanted):
    """Type a line, wait for the wanted lines and the prompt; return all lines that came."""
    offset = len(process.stdout)
    process.send(line.encode() + b"\n")
    wait_for(process, lambda: b"\n" in process.stdout[offset:])
    return expect_prompt(process, offset, f"after the line `{line}`" if line else "after an empty line", *wanted)[1:]


def alive(view, command):
    return [one for one in view.named(command) if one.state != "zombie"]


def reads_terminal(process):
    """Wait until a `cat` reads what is typed."""
    return until(
        process,
        lambda view: any(one.blocked_in("read", fd=0) for one in view.named("cat")),
        "`cat` in the foreground should wait for what is typed",
    )


def start_cat(process):
    process.send(b"cat\n")
    reads_terminal(process)


def expect_states(process, command, state, what):
    until(process, lambda view: [one.state for one in view.named(command)] == [state], what)


def has_gone(view, command):
    return not alive(view, command)


def test_ctrl_c(program):
    with program.start(pty=True, timeout=LONG) as process:
        open_shell(process)
        start_cat(process)
        press(process, CTRL_C, "Ctrl-C while `cat` runs in the foreground")
        until(process, lambda view: has_gone(view, "cat"), "Ctrl-C should have ended `cat`")
        at_rest(process)
        process.send(CTRL_C)
        enter(process, "echo still here", b"still here")
        start_cat(process)
        press(process, CTRL_C, "Ctrl-C while `cat` runs in the foreground")
        process.send(b"exit\n")
        run = process.wait(within=PATIENCE)
    assert run.exit_code == 130, (
        "Ctrl-C (SIGINT, 2) has ended the last command: `exit` should end the shell with 130, "
        + (f"but {run.signal} has ended it" if run.signal else f"not {run.exit_code}")
    )


def test_ctrl_z(program):
    with program.start(pty=True, timeout=LONG) as process:
        open_shell(process)
        start_cat(process)
        press(process, CTRL_Z, "Ctrl-Z while `cat` runs in the foreground", b"[1] stopped cat")
        expect_states(process, "cat", "stopped", "`cat` should be stopped")
        enter(process, "jobs", b"[1] stopped cat")
        process.send(b"sort\n")
        until(
            process,
            lambda view: any(one.blocked_in("read", fd=0) for one in view.named("sort")),
            "`sort` in the foreground should wait for what is typed",
        )
        press(process, CTRL_Z, "Ctrl-Z while `sort` runs in the foreground", b"[2] stopped sort")
        enter(process, "jobs", b"[1] stopped cat", b"[2] stopped sort")


def test_fg_bg(program):
    with program.start(pty=True, timeout=LONG) as process:
        open_shell(process)
        process.send(b"cat | cat\n")
        reads_terminal(process)
        press(process, CTRL_Z, "Ctrl-Z while `cat | cat` runs in the foreground")
        until(
            process,
            lambda view: [one.state for one in view.named("cat")] == ["stopped", "stopped"],
            "both `cat` should be stopped",
        )
        process.send(b"fg\n")
        reads_terminal(process)
        offset = len(process.stdout)
        process.send(b"hello\n")
        wait_for(process, lambda: lines_since(process, offset).count(b"hello") == 2)
        assert lines_since(process, offset).count(b"hello") == 2, (
            f"after `fg`, `cat | cat` should read and print `hello`, but the processes are {states(process)}, and the "
            f"terminal shows {shown(process)}"
        )
        press(process, CTRL_C, "Ctrl-C while `cat | cat` runs in the foreground")
        lines = enter(process, "jobs")
        assert not any(b"cat" in line for line in lines), f"`cat | cat` has ended, and `jobs` prints {lines}"

        process.send(b"sleep 1001\n")
        expect_states(process, "sleep", "sleeping", "`sleep` should run")
        press(process, CTRL_Z, "Ctrl-Z while `sleep` runs in the foreground")
        expect_states(process, "sleep", "stopped", "`sleep` should be stopped")
        enter(process, "bg", b"[1] running sleep 1001")
        expect_states(process, "sleep", "sleeping", "after `bg`, `sleep` should run again")
        enter(process, "jobs", b"[1] running sleep 1001")
        offset = len(process.stdout)
        process.send(b"fg 1\n")
        wait_for(process, lambda: b"sleep 1001" in lines_since(process, offset))
        assert b"sleep 1001" in lines_since(process, offset), (
            f"`fg 1` should print `sleep 1001`, but the terminal shows {shown(process)}"
        )
        press(process, CTRL_C, "Ctrl-C when `fg` has brought the job to the foreground")
        until(process, lambda view: has_gone(view, "sleep"), "Ctrl-C should have ended `sleep`")

        enter(process, "sleep 1002 &")
        enter(process, "sleep 1003 &")
        lines = enter(process, "bg")
        assert b"[2] running sleep 1003" in lines, (
            f"there are two jobs, and `bg` without a number means the one with the higher, but it prints {lines}"
        )


def test_background(program):
    with program.start(pty=True, timeout=LONG) as process:
        open_shell(process)
        lines = enter(process, "sleep 1001 &")
        expect_states(process, "sleep", "sleeping", "`sleep` should run")
        pid = process.view().named("sleep")[0].pid
        assert b"[1] %d" % pid in lines, (
            f"after `sleep 1001 &`, `[1] {pid}` should be printed, but the terminal shows {shown(process)}"
        )
        enter(process, "sleep 1002 | sleep 1003 &")
        enter(process, "jobs", b"[1] running sleep 1001", b"[2] running sleep 1002 | sleep 1003")

        start_cat(process)
        press(process, CTRL_C, "Ctrl-C while `cat` runs in the foreground")
        until(process, lambda view: has_gone(view, "cat"), "Ctrl-C should have ended `cat`")
        left = len(alive(process.view(), "sleep"))
        assert left == 3, f"Ctrl-C is for the foreground alone, but {3 - left} of 3 processes in the background ended"

        offset = len(process.stdout)
        process.send_signal("SIGTERM", to=pid)
        until(
            process,
            lambda view: all(one.pid != pid for one in alive(view, "sleep")),
            "SIGTERM should have ended `sleep 1001`",
        )
        at_rest(process)
        enter(process, "")
        assert re.search(rb"\[1\] done sleep 1001\r?\n", process.stdout[offset:]), (
            "a job in the background has ended: before the next prompt, `[1] done sleep 1001` should be printed, but "
            f"the terminal shows {shown(process)}"
        )
        lines = enter(process, "jobs", b"[2] running sleep 1002 | sleep 1003")
        assert not any(line.startswith(b"[1]") for line in lines), f"job 1 has ended, and `jobs` prints {lines}"
        enter(process, "sleep 1004 &")
        lines = enter(process, "jobs", b"[2] running sleep 1002 | sleep 1003")
        assert b"[3] running sleep 1004" in lines, (
            "job 1 has ended, job 2 runs, and a third is started: its number is the one after the highest that is in "
            f"use, 3, but `jobs` prints {lines}"
        )


def test_process_groups(program):
    with program.start(pty=True, timeout=LONG) as process:
        open_shell(process)
        process.send(b"cat | cat | cat\n")
        until(
            process,
            lambda view: sum(one.blocked_in("read", fd=0) for one in view.named("cat")) == 3,
            "the three commands of `cat | cat | cat` should wait for their input",
        )
        at_rest(process)
        view = process.view()
        cats, shell = view.named("cat"), view.root
        groups = sorted({one.pgid for one in cats})
        assert len(groups) == 1, f"the processes of a pipeline should be in one process group, but are in {groups}"
        assert groups[0] != shell.pgid, "a pipeline should have a process group of its own, but is in that of the shell"
        assert groups[0] in {one.pid for one in cats}, "the group of a pipeline should be that of its first process"
        for what in ("ignored", "blocked"):
            signals = sorted({name for one in cats for name in getattr(one.signals, what) if name[:5] != "SIGRT"})
            assert not signals, f"a command was started with {', '.join(signals)} {what}: it inherits that across exec"

        offset = len(process.stdout)
        process.send(b"through\n")
        wait_for(process, lambda: lines_since(process, offset).count(b"through") == 2)
        assert lines_since(process, offset).count(b"through") == 2, (
            f"the pipeline should read `through` and print it, but the terminal shows {shown(process)}"
        )
        press(process, CTRL_C, "Ctrl-C while `cat | cat | cat` runs in the foreground")
        until(process, lambda view: has_gone(view, "cat"), "Ctrl-C should have ended all three `cat`")

        enter(process, "cat &")
        expect_states(process, "cat", "stopped", "`cat &` reads from the terminal and should be stopped by SIGTTIN")
        at_rest(process)
        enter(process, "jobs", b"[1] stopped cat")


def test_no_zombies(program):
    for line in ("sleep 1001 | true", "true | sleep 1001"):
        with program.start(timeout=LONG) as process:
            process.send(f"{line}\necho next\n".encode())
            view = until(process, lambda view: len(alive(view, "sleep")) == 1, "`sleep` should run")
            at_rest(process)
            assert b"next" not in process.stdout, (
                f"`{line}` is over when both have ended; `sleep` runs on, but the shell has run the next line already"
            )
            process.send_signal("SIGTERM", to=alive(view, "sleep")[0].pid)
            wait_for(process, lambda: process.stdout == b"next\n")
            assert process.stdout == b"next\n", (
                f"both processes of `{line}` have ended: the next line, `echo next`, should be run"
            )

    with program.start(pty=True, timeout=LONG) as process:
        open_shell(process)
        enter(process, "true | true | true")
        enter(process, "sleep 1001 | sleep 1002 &")
        view = until(process, lambda view: len(alive(view, "sleep")) == 2, "two `sleep` should run")
        for one in view.named("sleep"):
            process.send_signal("SIGTERM", to=one.pid)
        until(process, lambda view: has_gone(view, "sleep"), "SIGTERM should have ended both `sleep`")
        at_rest(process)
        enter(process, "")
        zombies = [one for one in process.view().processes if one.state == "zombie"]
        process.send(b"exit\n")
        run = process.wait(within=PATIENCE)
    assert not run.findings("zombie")
    assert not zombies, f"all pipelines have ended and there is a new prompt, but there are {len(zombies)} zombies"
