"""Who has which pipe end, who is waited for, and what is said when something fails."""

import re

from grader.checks import Fault

PATIENCE = 4.0
"""Seconds that a state may take on a busy machine, less than the time limit. Only a wrong program needs them."""

LONG = 20.0
"""The time limit of a run that goes through several states: each of them may take its `PATIENCE`."""

EXPERIMENTS = (("eof", "true"), ("empty",), ("sigpipe", "true"), ("full",))


def pipe_of(view, pid, call):
    """The pipe at which that process sleeps in that call, if it does."""
    for other in view.processes:
        for fd in other.fds:
            if other.pid == pid and fd.target.startswith("pipe:") and other.blocked_in(call, call + "v", fd=fd.number):
                return fd.target
    return None


def holders(process, role, call):
    """Wait until the process in this role sleeps at its pipe; return it, and who has which ends of that pipe."""
    process.expect(role + b" ", within=PATIENCE)
    rest = process.expect(b"\n", within=PATIENCE).strip()
    assert re.fullmatch(rb"\d{1,10}", rest), f"after {role.decode()!r} there should be a pid, but it is {rest!r}"
    pid = int(rest)
    process.wait_until(lambda view: pipe_of(view, pid, call), within=PATIENCE)
    process.view()
    process.view()
    view = process.settle(within=PATIENCE)
    pipe = pipe_of(view, pid, call)
    assert pipe, f"process {pid} should go on sleeping in {call} as long as nobody does anything, but it does not"
    ends = {"r": set(), "w": set()}
    for other in view.processes:
        for fd in other.fds:
            if fd.target == pipe:
                ends[fd.access].add(other.pid)
    return pid, ends["r"], ends["w"]


def leaked_into_command(run):
    """The descriptors that the command was started with and should not have been; no other program's."""
    found = run.findings("fd-leak-exec")
    return type(found)(finding for finding in found if finding.process == "sh")


def test_no_leaked_ends(program, fdprobe):
    """With `sigpipe` the command lives on, so that the writer does not die: its death would be taken for a crash."""
    run = program.run("eof", "sh", "-c", "fdprobe </dev/null")
    assert not leaked_into_command(run)
    reports = len(fdprobe.reports(run))
    assert reports == 1, f"the command of `eof` should run once, but it ran {reports} times"
    extra = fdprobe.extra_descriptors(run)
    assert extra == {}, f"a command needs 0, 1 and 2, but these are open beside them, by pid: {extra}"

    with program.start("sigpipe", "sh", "-c", "fdprobe </dev/null; exec sleep 1000", timeout=LONG) as process:
        process.wait_until(lambda view: view.named("sleep"), within=PATIENCE)
        writer, can_read, can_write = holders(process, b"writer", "write")
        commands = {command.pid for command in process.view().named("sleep")}
        run = process.stop()
    assert not leaked_into_command(run)
    extra = fdprobe.extra_descriptors(run)
    assert extra == {}, f"a command needs 0, 1 and 2, but these are open beside them, by pid: {extra}"
    assert can_read == commands, f"only the command needs a read end, but {sorted(can_read)} have one"
    assert can_write == {writer}, f"only the writer ({writer}) needs a write end, but {sorted(can_write)} have one"

    with program.start("empty", timeout=LONG) as process:
        reader, can_read, can_write = holders(process, b"reader", "read")
    assert can_read == {reader}, f"only the reader ({reader}) needs a read end, but {sorted(can_read)} have one"
    assert reader not in can_write, f"the reader ({reader}) has a write end of the pipe that it reads from"

    with program.start("full", timeout=LONG) as process:
        writer, can_read, can_write = holders(process, b"writer", "write")
    assert writer not in can_read, f"the writer ({writer}) has a read end of the pipe that it writes to"
    assert can_write == {writer}, f"only the writer ({writer}) needs a write end, but {sorted(can_write)} have one"


def test_no_zombies(program):
    for experiment in EXPERIMENTS:
        run = program.run(*experiment)
        assert run.exit_code == 0
        assert not run.findings("zombie", "orphan")


def test_failures(program):
    for experiment in EXPERIMENTS:
        for call, errno_name, reason in (
            ("pipe", "EMFILE", b"Too many open files"),
            ("fork", "EAGAIN", b"Resource temporarily unavailable"),
        ):
            run = program.run(*experiment, fail=[Fault(call, errno_name)])
            assert run.exit_code == 1, (
                f"{call} failed with {errno_name}: `{experiment[0]}` should end with 1, not {run.exit_code}"
            )
            assert reason in run.stderr, f"standard error should say why {call} failed, but has {run.stderr!r}"

    too_large = program.run("full", str(1 << 30))
    assert too_large.exit_code == 1, f"no pipe can hold 1 GiB: the exit status should be 1, not {too_large.exit_code}"
    assert too_large.stderr != b"", "no pipe can hold 1 GiB: standard error should say so"

    missing = program.run("eof", "no-such-command")
    assert missing.exit_code is not None
    assert b"no-such-command" in missing.stderr, "standard error should name the command that does not exist"
    assert missing.stdout == b"end of file after 0 bytes\n", (
        f"the command does not exist: the end of file should come after 0 bytes, once, but it is {missing.stdout!r}"
    )

    for words in ((), ("none",), ("eof",), ("sigpipe",), ("full", "0"), ("full", "much"), ("full", "-1")):
        run = program.run(*words)
        line = " ".join(("./pipe_rules", *words))
        assert run.exit_code == 2, f"`{line}` is a usage error: the exit status should be 2, not {run.exit_code}"
        assert run.stderr != b"", f"`{line}` is a usage error: standard error should say so"
