"""Children that end when the check ends them, one by one or all at once, and what is told about it."""

import contextlib
import re

from grader.checks import Fault

PATIENCE = 4.0
"""Seconds that a state may take on a busy machine, less than the time limit. Only a wrong program needs them."""

SCENE_SECONDS = 15.0
"""The same for what other commands have to do before the program is looked at: it is not the program's fault."""

ENDS_WITH = """#!/bin/sh
# Waits until it gets SIGTERM, then ends with the status it was given.
mkfifo "wait.$$" && exec 3<>"wait.$$" && rm "wait.$$"
trap 'exit "$1"' TERM
read -r line <&3
"""

INTO_A_FULL_PIPE = """
mkfifo out in && exec 3<>out 4<>in
dd if=/dev/zero of=out bs=4096 oflag=nonblock 2>/dev/null
exec ./reaper true <&4 >&3 3>&- 4>&-
"""
"""Becomes a reaper whose standard output is full, so that its first line keeps it waiting, and its input open."""

EMPTY_IT_WHEN_CONTINUED = 'kill -STOP $$; exec grep -ao --line-buffered "pid.*" <out'


def at_rest(process):
    """Wait until nothing moves any more. The two looks make sure that this is judged by what is newer than they."""
    process.view()
    process.view()
    try:
        return process.settle(within=PATIENCE)
    except AssertionError:
        assert not process.is_running, "there is nothing to do, and the program should sleep, but it never does"
        raise


def let_it_rest(process):
    """The same, but for a program that never rests: it is told so by another check."""
    process.view()
    process.view()
    with contextlib.suppress(AssertionError):
        process.settle(within=PATIENCE / 2)


def is_asleep(child):
    return child.command == "sleep" and child.blocked_in("clock_nanosleep", "nanosleep", "restart_syscall")


def awaits_sigterm(child):
    return child.command == "ends_with" and "SIGTERM" in child.signals.caught and child.blocked_in("read")


def ready(view, process):
    """The children that are where they will stay until the check ends them, by the last word of their command."""
    children = view.children_of(process.pid)
    return {child.argv[-1]: child.pid for child in children if is_asleep(child) or awaits_sigterm(child)}


def children_at_rest(process, *words):
    """Wait until just these children are ready, and their parent too; return their pids."""
    view = process.wait_until(lambda view: set(ready(view, process)) == set(words), within=SCENE_SECONDS)
    let_it_rest(process)
    pids = ready(view, process)
    return [pids[word] for word in words]


def sleeping(*words):
    """The commands `sleep 1001 -- sleep 1002 ...`."""
    return [part for word in words for part in ("--", "sleep", word)][1:]


def state_of(view, pid):
    return next((process.state for process in view.processes if process.pid == pid), "gone")


def inner(view, process):
    """The pid of the reaper that a reaper has started."""
    pids = (child.pid for child in view.children_of(process.pid) if list(child.argv) == ["./reaper", "true"])
    return next(pids, None)


def stopped_helper(view):
    return next((helper.pid for helper in view.named("sh") if helper.state == "stopped"), None)


def exited(stdout):
    """The pids that are said to have exited with 0."""
    return [int(pid) for pid in re.findall(rb"pid (\d+): exited with 0\n", stdout)]


def ends(stdout):
    """The lines about ends, in order."""
    return re.findall(rb"^pid \d+: (?:exited|killed).*\n", stdout, re.MULTILINE)


def test_one_child(program):
    with program.start(*sleeping("1001")) as process:
        (child,) = children_at_rest(process, "1001")
        process.expect(b"pid %d: started sleep\n" % child, within=PATIENCE)
        process.send_signal("SIGTERM", to=child)
        process.expect(b"pid %d: killed by SIGTERM\n" % child, within=PATIENCE)
        process.close_stdin()
        run = process.wait(within=PATIENCE)
    assert run.exit_code is not None
    wanted = b"pid %d: started sleep\npid %d: killed by SIGTERM\n" % (child, child)
    assert run.stdout == wanted, f"these two lines and no other were to be printed, but it is {run.stdout!r}"
    assert run.stderr == b"", f"standard error should be empty, but has {run.stderr!r}"


def test_statuses(program, workdir):
    workdir.write("ends_with", ENDS_WITH, mode=0o755)
    commands = "./ends_with 0 -- ./ends_with 3 -- ./ends_with 255 -- sleep 1001 -- sleep 1002 -- sleep 1003"
    with program.start(*commands.split()) as process:
        children_at_rest(process, "0", "3", "255", "1001", "1002", "1003")
        for word, signal, end in (
            ("0", "SIGTERM", "exited with 0"),
            ("3", "SIGTERM", "exited with 3"),
            ("255", "SIGTERM", "exited with 255"),
            ("1001", "SIGTERM", "killed by SIGTERM"),
            ("1002", "SIGKILL", "killed by SIGKILL"),
            ("1003", "SIGSEGV", "killed by SIGSEGV"),
        ):
            pid = ready(process.view(), process)[word]
            process.send_signal(signal, to=pid)
            process.expect(f"pid {pid}: {end}\n".encode(), within=PATIENCE)

    with program.start("./ends_with", "3", "--", "./ends_with", "0") as process:
        for pid, status in zip(children_at_rest(process, "3", "0"), ("3", "0"), strict=True):
            process.send_signal("SIGTERM", to=pid)
            process.expect(f"pid {pid}: exited with {status}\n".encode(), within=PATIENCE)
        process.close_stdin()
        run = process.wait(within=PATIENCE)
    assert run.exit_code == 1, (
        f"one command ended with 3, then another with 0: the exit status should be 1, not {run.exit_code}"
    )

    for status, own in (("0", 0), ("3", 1)):
        with program.start("./ends_with", status) as process:
            (child,) = children_at_rest(process, status)
            process.send_signal("SIGTERM", to=child)
            process.expect(f"exited with {status}\n".encode(), within=PATIENCE)
            process.close_stdin()
            run = process.wait(within=PATIENCE)
        assert run.exit_code == own, (
            f"the only command ended with {status}: the exit status should be {own}, not {run.exit_code}"
        )


def test_reports_live(program):
    with program.start(*sleeping("1001", "1002", "1003")) as process:
        first, second, third = children_at_rest(process, "1001", "1002", "1003")
        for pid, signal in ((second, "SIGTERM"), (third, "SIGKILL"), (first, "SIGINT")):
            process.send_signal(signal, to=pid)
            process.expect(f"pid {pid}: killed by {signal}\n".encode(), within=PATIENCE)


def test_answers_lines(program):
    with program.start(*sleeping("1001", "1002", "1003")) as process:
        first, second, _third = children_at_rest(process, "1001", "1002", "1003")
        process.send(b"\n")
        process.expect(b"running: 3\n", within=PATIENCE)

        let_it_rest(process)
        process.send_signal("SIGTERM", to=first)
        process.expect(b"pid %d: killed by SIGTERM\n" % first, within=PATIENCE)
        process.send(b"how many?\n")
        process.expect(b"running: 2\n", within=PATIENCE)

        let_it_rest(process)
        process.send_signal("SIGTERM", to=second)
        process.expect(b"pid %d: killed by SIGTERM\n" % second, within=PATIENCE)
        process.send(b"two\nlines\nand ")
        process.expect(b"running: 1\nrunning: 1\n", within=PATIENCE)
        at_rest(process)
        process.send(b"a half\n")
        process.expect(b"running: 1\n", within=PATIENCE)
        at_rest(process)
        answers = process.stdout.count(b"running: ")
        assert answers == 5, f"five lines were sent, and there are {answers} answers"


def test_several_at_once(program):
    """Four end while the program is stopped: it will get one SIGCHLD. The fifth child keeps the program running."""
    with program.start(*sleeping("1001", "1002", "1003", "1004", "1005")) as process:
        *ended, _last = children_at_rest(process, "1001", "1002", "1003", "1004", "1005")
        process.send_signal("SIGSTOP")
        process.wait_until(lambda view: view.root.state == "stopped", within=PATIENCE)
        for pid in ended:
            process.send_signal("SIGTERM", to=pid)
        process.wait_until(lambda view: all(state_of(view, pid) == "zombie" for pid in ended), within=PATIENCE)
        process.send_signal("SIGCONT")
        lines = {pid: b"pid %d: killed by SIGTERM\n" % pid for pid in ended}
        with contextlib.suppress(AssertionError):
            process.wait_until(
                lambda view: all(lines[pid] in process.stdout and state_of(view, pid) == "gone" for pid in ended),
                within=PATIENCE,
            )
        view = process.view()
        reported = [pid for pid in ended if lines[pid] in process.stdout]
        zombies = [pid for pid in ended if state_of(view, pid) == "zombie"]
    assert len(reported) == 4, (
        f"4 children ended while the program was stopped, and {len(reported)} of them were reported when it went on: "
        "there is one SIGCHLD for all of them"
    )
    assert not zombies, f"4 children ended while the program was stopped, and {len(zombies)} of them are still zombies"
    assert len(ends(process.stdout)) == 4, f"4 children have ended, but the reports are {ends(process.stdout)}"


def test_stopped_child(program):
    with program.start(*sleeping("1001", "1002")) as process:
        first, _second = children_at_rest(process, "1001", "1002")
        for signal, state in (("SIGSTOP", "stopped"), ("SIGCONT", "sleeping")):
            process.send_signal(signal, to=first)
            process.wait_until(lambda view, state=state: state_of(view, first) == state, within=PATIENCE)
            let_it_rest(process)
            process.send(b"\n")
            process.expect(b"running: 2\n", within=PATIENCE)
            let_it_rest(process)
            told = ends(process.stdout)
            assert not told, f"a child has got {signal} and has not ended, but the reports are {told}"
        process.send_signal("SIGTERM", to=first)
        process.expect(b"pid %d: killed by SIGTERM\n" % first, within=PATIENCE)
        process.send(b"\n")
        process.expect(b"running: 1\n", within=PATIENCE)
    assert len(ends(process.stdout)) == 1, f"1 child has ended, but the reports are {ends(process.stdout)}"


def test_ended_before_looking(program):
    """A reaper in a reaper: the inner one is held up where it prints its first line, until its child is over."""
    commands = ["sh", "-c", INTO_A_FULL_PIPE, "--", "sh", "-c", EMPTY_IT_WHEN_CONTINUED]
    with program.start(*commands) as process:
        view = process.wait_until(lambda view: inner(view, process) and stopped_helper(view), within=SCENE_SECONDS)
        known = {inner(view, process), stopped_helper(view)}
        let_it_rest(process)
        process.send_signal("SIGCONT", to=stopped_helper(view))
        with contextlib.suppress(AssertionError):
            process.wait_until(lambda view: set(exited(process.stdout)) - known, within=PATIENCE)
    assert set(exited(process.stdout)) - known, (
        "a child that had ended while the program was still printing its first line was never reported: "
        "its SIGCHLD came before the program was ready for it"
    )


def test_end_of_input(program):
    with program.start(*sleeping("1001", "1002")) as process:
        first, second = children_at_rest(process, "1001", "1002")
        process.close_stdin()
        at_rest(process)
        naps = process.naps()
        assert not naps, f"there is nothing to do, but {naps}, though no child had ended"
        for pid in (second, first):
            process.send_signal("SIGTERM", to=pid)
            process.expect(b"pid %d: killed by SIGTERM\n" % pid, within=PATIENCE)


def test_ends_with_last(program):
    """Standard input stays open."""
    with program.start(*sleeping("1001", "1002")) as process:
        for pid in children_at_rest(process, "1001", "1002"):
            process.send_signal("SIGTERM", to=pid)
            process.expect(b"pid %d: killed by SIGTERM\n" % pid, within=PATIENCE)
        run = process.wait(within=PATIENCE)
    assert run.exit_code is not None
    assert not run.findings("zombie", "orphan")


def test_cannot_start(program, workdir):
    workdir.write("notes.txt", b"no program\n", mode=0o644)
    for command, status in (("no-such-command", 127), ("./notes.txt", 126)):
        with program.start("sleep", "1001", "--", command, "--", "sleep", "1002") as process:
            process.expect(b": exited with ", within=PATIENCE)
            sleeps = children_at_rest(process, "1001", "1002")
            run = process.stop()
        (pid,) = re.findall(rb"pid (\d+): exited", run.stdout)
        wanted = [
            b"pid %d: started sleep" % sleeps[0],
            b"pid %s: started %s" % (pid, command.encode()),
            b"pid %d: started sleep" % sleeps[1],
            b"pid %s: exited with %d" % (pid, status),
        ]
        assert sorted(run.stdout.splitlines()) == sorted(wanted), (
            f"`{command}` cannot be executed and counts as {status}, and what is printed should be "
            f"{b', '.join(wanted).decode()}, but it is {run.stdout!r}"
        )
        assert command.encode() in run.stderr, f"standard error should name {command}, but has {run.stderr!r}"

    for words in ((), ("--",), ("--", "true"), ("true", "--"), ("true", "--", "--", "true")):
        run = program.run(*words)
        line = " ".join(("./reaper", *words))
        assert run.exit_code == 2, f"`{line}` is a usage error: the exit status should be 2, not {run.exit_code}"
        assert run.stderr != b"", f"`{line}` is a usage error: standard error should say so"
        assert len(run.processes) == 1, f"`{line}` is a usage error: nothing should be started"


def test_born_clean(program):
    with program.start(*sleeping("1001", "1002")) as process:
        pids = children_at_rest(process, "1001", "1002")
        children = [child for child in process.view().processes if child.pid in pids]
        run = process.stop()
    assert not run.findings("fd-leak-exec")
    for child in children:
        extra = {fd.number: fd.target for fd in child.fds if fd.number > 2}
        assert not extra, f"a command needs 0, 1 and 2, but these are open beside them: {extra}"
        stdin = next((fd.target for fd in child.fds if fd.number == 0), "closed")
        assert stdin == "/dev/null", f"the standard input of a command should be /dev/null, but is {stdin}"
        for what in ("ignored", "blocked"):
            signals = sorted(name for name in getattr(child.signals, what) if not name.startswith("SIGRT"))
            assert not signals, f"a command was started with {', '.join(signals)} {what}: it inherits that across exec"


def test_fork_fails(program):
    """The second of three forks fails. In the end the first command ends with 0: the status is due to nothing else."""
    with program.start(*sleeping("1001", "1002", "1003"), fail=[Fault("fork", "EAGAIN", on_call=2)]) as process:
        process.wait_until(lambda view: process.stderr, within=PATIENCE, what="standard error says that fork failed")
        process.wait_until(
            lambda view: "1001" in ready(view, process),
            within=SCENE_SECONDS,
            what="`sleep 1001`, started before the second fork failed, runs and is waited for",
        )
        let_it_rest(process)
        view = process.view()
        assert any(one.pid == process.pid and one.state != "zombie" for one in view.processes), (
            "the second of three forks failed, and the program has ended, though `sleep 1001`, started before, had not"
        )
        children = ready(view, process)
        assert set(children) <= {"1001"}, "the second of three forks failed, but another command was started after that"
        assert children, "the second of three forks failed, and `sleep 1001`, started before, does not run any more"
        process.send_signal("SIGTERM", to=children["1001"])
        process.expect(b"pid %d: killed by SIGTERM\n" % children["1001"], within=PATIENCE)
        process.close_stdin()
        run = process.wait(within=PATIENCE)
    assert b"Resource temporarily unavailable" in run.stderr, (
        f"standard error should say why fork failed, but has {run.stderr!r}"
    )
    assert not run.findings("zombie", "orphan")

    commands = ("true", "--", "true", "--", "true")
    with program.start(*commands, fail=[Fault("fork", "EAGAIN", on_call=2)]) as process:
        process.expect(b": exited with 0\n", within=PATIENCE)
        process.close_stdin()
        run = process.wait(within=PATIENCE)
    assert run.exit_code == 1, f"the second fork failed: the exit status should be 1, not {run.exit_code}"
