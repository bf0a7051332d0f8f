"""Daemons that end when the check ends them, looked at while they run: parents, sessions, descriptors, signals."""

import contextlib
import re

from grader.checks import Fault

PATIENCE = 4.0
"""Seconds that a state may take on a busy machine, less than the time limit. Only a wrong program needs them."""

SCENE_SECONDS = 15.0
"""The same for what other commands have to do before the program is looked at: it is not the program's fault."""

STARTED = re.compile(rb"^(\d+): started (.*)$", re.MULTILINE)

TELLS_WHERE_IT_IS = ("sh", "-c", 'exec sh -c "sleep 1001; :" "$(pwd -P)" "$(umask)"')
"""Has its working folder and its file mode mask as its last two arguments, where the check can see them."""

WITH_A_FILE_OPEN = (
    "python3",
    "-c",
    "import os; os.dup2(os.open('/etc/passwd', 0), 7); os.dup2(7, 200); "
    "os.execv('/work/orphanage', ['orphanage', 'sleep', '1001'])",
)
IGNORING_A_HANGUP = (
    "python3",
    "-c",
    "import os; from signal import *; signal(SIGHUP, SIG_IGN); pthread_sigmask(SIG_BLOCK, [SIGUSR1]); "
    "os.execv('/work/orphanage', ['orphanage', 'sleep', '1002'])",
)
"""Daemons that become an orphanage themselves, and hand down to it what it must not hand on."""


def sleeping(*words):
    """The commands `sleep 1001 -- sleep 1002 ...`."""
    return [part for word in words for part in ("--", "sleep", word)][1:]


def asleep(view, word):
    """The process that has become `sleep WORD` and sleeps, or None."""
    for process in view.named("sleep"):
        if process.argv[-1:] == (word,) and process.blocked_in("clock_nanosleep", "nanosleep", "restart_syscall"):
            return process
    return None


def rest(process):
    """Wait until nothing moves any more. The look makes sure that this is judged by what is newer than it."""
    process.view()
    try:
        return process.settle(within=PATIENCE)
    except AssertionError:
        assert not process.is_running, "there is nothing to do, and the program should sleep, but it looks all the time"
        raise


def processes_at_rest(process, *words):
    """Wait until the processes `sleep WORD` sleep and nothing moves any more; return that view, and them."""
    process.wait_until(lambda view: all(asleep(view, word) for word in words), within=SCENE_SECONDS)
    view = rest(process)
    return view, [asleep(view, word) for word in words]


def told(process):
    """The pids of the daemons that are said to have been started."""
    return [int(pid) for pid, _command in STARTED.findall(process.stdout)]


def daemons_at_rest(process, *words):
    """The same, and wait until just as many daemons have been reported as started."""
    for _word in words:
        process.expect(STARTED, within=PATIENCE)
    return processes_at_rest(process, *words)


def has_stayed(process):
    """Wait for the end if the program's first process is over, although others of its processes are not."""
    first = next((other for other in process.view().processes if other.pid == process.pid), None)
    if process.is_running and first is not None and first.state != "zombie":
        return True
    assert not process.wait(within=PATIENCE).findings("orphan")
    return False


def end(process, daemon, how):
    """End a daemon and wait until the program says so."""
    process.send_signal(how, to=daemon.pid)
    process.expect(b"%d: killed by %s\n" % (daemon.pid, how.encode()), within=PATIENCE)


def commands(view, processes):
    return ", ".join(f"`{other.command}` (pid {other.pid}, {other.state})" for other in processes)


def test_started(program):
    with program.start(*sleeping("1001")) as process:
        try:
            process.expect(re.compile(rb"^\d+: started sleep\n"), within=PATIENCE)
        except AssertionError:
            daemon = asleep(process.view(), "1001")
            held = [f"{fd.number} ({fd.target})" for fd in daemon.fds if fd.number > 2] if daemon else []
            assert not held, (
                "the daemon runs, but `PID: started sleep` is not printed. The daemon still has these descriptors: "
                f"{', '.join(held)}. Who waits for the end of that pipe waits for the end of the daemon"
            )
            assert not daemon, "the daemon runs, but `PID: started sleep` is not printed"
            raise
        view = process.wait_until(lambda view: asleep(view, "1001"), within=PATIENCE)
        daemon = asleep(view, "1001")
        assert told(process) == [daemon.pid], (
            f"the daemon's pid is {daemon.pid}, but {told(process)[0]} was reported as started"
        )
        assert daemon.pid != process.pid, "the program has become the daemon itself"
    assert process.stderr == b"", f"standard error should be empty, but has {process.stderr!r}"


def test_adopted(program):
    """Without a subreaper the daemon goes to init, and the program has no child left and ends."""
    with program.start(*sleeping("1001")) as process:
        with contextlib.suppress(AssertionError):
            daemons_at_rest(process, "1001")
        assert has_stayed(process), "the program has ended, although its daemon should be running"
        view, (daemon,) = processes_at_rest(process, "1001")
        between = [other for other in view.processes if other.pid == daemon.ppid]
        assert daemon.ppid == process.pid, (
            "the daemon's parent should be the program, but it is "
            + (f"still {commands(view, between)}" if between else "the first process of the system")
            + ": who is to adopt it, and has the middle process ended?"
        )
        process.send_signal("SIGKILL", to=daemon.pid)
        run = process.wait(within=PATIENCE)
    assert run.exit_code == 0


def test_own_session(program):
    with program.start(*sleeping("1001", "1002")) as process:
        view, daemons = daemons_at_rest(process, "1001", "1002")
        for daemon in daemons:
            assert daemon.sid != view.root.sid, (
                "a daemon is in the program's own session, with its controlling terminal: nobody has called setsid"
            )
            assert daemon.sid != daemon.pid, (
                "a daemon is the leader of its session: when it opens a terminal, that becomes its controlling terminal"
            )
        assert len({daemon.sid for daemon in daemons}) == 2, "two daemons are in the same session"


def test_nothing_left(program):
    with program.start(*sleeping("1001")) as process:
        view, (daemon,) = daemons_at_rest(process, "1001")
        after_one = kept(view)
        process.send_signal("SIGKILL", to=daemon.pid)
        run = process.wait(within=PATIENCE)
    assert not run.findings("zombie", "orphan")

    with program.start(*sleeping("1001", "1002", "1003", "1004")) as process:
        view, daemons = daemons_at_rest(process, "1001", "1002", "1003", "1004")
        mine = {process.pid, *(daemon.pid for daemon in daemons)}
        others = [other for other in view.processes if other.pid not in mine]
        after_four = kept(view)
    assert not others, f"while the daemons run, these are left over: {commands(view, others)}"
    assert len(after_four) <= len(after_one), (
        f"after one start the program has {len(after_one)} descriptors open, after four {len(after_four)}: "
        f"{', '.join(after_four)}"
    )
    for output in (run.stdout, process.stdout):
        assert b"stray" not in output, f"only daemons were started, but a stray is reported: {output!r}"


def kept(view):
    """The first process's descriptors. A pidfd for each daemon is a way to wait for it, and no leak."""
    return [f"{fd.number} ({fd.target})" for fd in view.root.fds if "pidfd" not in fd.target]


def test_descriptors(program):
    """A daemon of the program's, and one of an inner orphanage that was started with a file as 7 and 200."""
    with program.start(*sleeping("1002"), "--", *WITH_A_FILE_OPEN) as process:
        _view, daemons = processes_at_rest(process, "1002", "1001")
        run = process.stop()
    assert not run.findings("fd-leak-exec")
    for daemon in daemons:
        table = {fd.number: fd.target for fd in daemon.fds}
        assert table == dict.fromkeys((0, 1, 2), "/dev/null"), (
            f"a daemon should have /dev/null as 0, 1 and 2, and nothing else, but it has {table}"
        )


def test_surroundings(program):
    with program.start(*TELLS_WHERE_IT_IS, "--", *IGNORING_A_HANGUP) as process:
        view, daemons = processes_at_rest(process, "1001", "1002")
        (folder, mask) = next(other.argv[-2:] for other in view.named("sh") if len(other.argv) == 5)
    assert folder == "/", f"a daemon's working folder should be /, but it is {folder}"
    assert int(mask, 8) == 0, f"a daemon's file mode mask should be 0, but it is {mask}"
    for daemon in daemons:
        for what in ("blocked", "ignored"):
            signals = sorted(name for name in getattr(daemon.signals, what) if not name.startswith("SIGRT"))
            assert not signals, (
                f"a daemon was started with {', '.join(signals)} {what}: it inherits that, even across exec, "
                "from you and from whoever started you"
            )


def test_ends(program):
    with program.start(*sleeping("1001", "1002", "1003"), "--", "sh", "-c", "exit 3", "--", "true") as process:
        _view, (first, second, third) = daemons_at_rest(process, "1001", "1002", "1003")
        end(process, second, "SIGKILL")
        end(process, third, "SIGSEGV")
        end(process, first, "SIGHUP")
        run = process.wait(within=PATIENCE)
    reports = {int(pid): how for pid, how in re.findall(rb"^(\d+): ((?:exited|killed).*)$", run.stdout, re.MULTILINE)}
    shell, true = (int(pid) for pid, command in STARTED.findall(run.stdout) if command in (b"sh", b"true"))
    for pid, command, how in ((shell, "sh -c 'exit 3'", b"exited with 3"), (true, "true", b"exited with 0")):
        assert reports.get(pid) == how, (
            f"`{command}` (pid {pid}) {how.decode()}, but what is printed of it is {reports.get(pid)!r}"
        )
    for pid in told(run):
        lines = [line for line in run.stdout.splitlines() if line.startswith(b"%d: " % pid)]
        assert len(lines) == 2, (
            f"of daemon {pid} its start and its end are to be told, in this order, but it is {lines}"
        )
        assert b"started" in lines[0], f"the end of daemon {pid} is told before its start: {lines}"
    assert run.exit_code == 0


def test_strays(program):
    """A daemon ends and leaves a child behind, which ends later."""
    with program.start("sh", "-c", "sleep 1002 & exec sleep 1001") as process:
        process.expect(STARTED, within=PATIENCE)
        _view, (daemon, stray) = processes_at_rest(process, "1001", "1002")
        process.send_signal("SIGKILL", to=daemon.pid)
        with contextlib.suppress(AssertionError):
            process.expect(b"%d: killed by SIGKILL\n" % daemon.pid, within=PATIENCE)
            processes_at_rest(process, "1002")
        assert has_stayed(process), "the program has ended, although a child of its daemon still ran"
        process.send_signal("SIGKILL", to=stray.pid)
        process.expect(b"%d: stray, killed by SIGKILL\n" % stray.pid, within=PATIENCE)
        run = process.wait(within=PATIENCE)
    assert run.exit_code == 0
    assert not run.findings("zombie", "orphan")


def test_shutdown(program):
    for signal in ("SIGTERM", "SIGINT"):
        with program.start(*sleeping("1001", "1002", "1003")) as process:
            _view, (first, *rest) = daemons_at_rest(process, "1001", "1002", "1003")
            end(process, first, "SIGKILL")
            processes_at_rest(process, "1002", "1003")
            naps = process.naps()
            assert not naps, f"while daemons run there is nothing to do, but {naps}, though nothing had happened"
            process.send_signal(signal)
            run = process.wait(within=PATIENCE)
        assert not run.findings("orphan")
        assert run.exit_code == 0
        for daemon in rest:
            line = b"%d: killed by SIGTERM\n" % daemon.pid
            assert line in run.stdout, (
                f"after {signal} each daemon should get SIGTERM, and its end be told, but the output is {run.stdout!r}"
            )


def test_cannot_start(program):
    with program.start("no-such-command", "--", "/etc/passwd", "--", "sleep", "1001") as process:
        _view, (daemon,) = processes_at_rest(process, "1001")
        process.send_signal("SIGKILL", to=daemon.pid)
        run = process.wait(within=PATIENCE)
    for command, reason in ((b"no-such-command", b"No such file or directory"), (b"/etc/passwd", b"Permission denied")):
        assert any(command in line and reason in line for line in run.stderr.splitlines()), (
            f"a line on standard error should say of {command.decode()} that it could not be started and why "
            f"({reason.decode()}), but it has {run.stderr!r}"
        )
    wanted = b"%d: started sleep\n%d: killed by SIGKILL\n" % (daemon.pid, daemon.pid)
    assert run.stdout == wanted, (
        f"of three commands only `sleep` could be started, so two lines are to be printed, but it is {run.stdout!r}"
    )
    assert run.exit_code == 1, f"a command could not be started: the exit status should be 1, not {run.exit_code}"
    assert not run.findings("zombie", "orphan")

    for words in ((), ("--",), ("--", "true"), ("true", "--"), ("true", "--", "--", "true")):
        run = program.run(*words)
        line = " ".join(("./orphanage", *words))
        assert run.exit_code == 2, f"`{line}` is a usage error: the exit status should be 2, not {run.exit_code}"
        assert run.stderr != b"", f"`{line}` is a usage error: standard error should say so"
        assert len(run.processes) == 1, f"`{line}` is a usage error: nothing should be started"


def test_fork_fails(program):
    """The very first fork fails, then the second one: of the middle process, or of whoever forks next."""
    for call in (1, 2):
        with program.start(*sleeping("1001", "1002"), fail=[Fault("fork", "EAGAIN", on_call=call)]) as process:
            process.wait_until(lambda view: asleep(view, "1001") or asleep(view, "1002"), within=SCENE_SECONDS)
            view = rest(process)
            daemons = [daemon for daemon in (asleep(view, "1001"), asleep(view, "1002")) if daemon]
            for daemon in daemons:
                process.send_signal("SIGKILL", to=daemon.pid)
            run = process.wait(within=PATIENCE)
        assert any(
            b"sleep" in line and b"Resource temporarily unavailable" in line for line in run.stderr.splitlines()
        ), f"standard error should say that `sleep` could not be started and why, but it has {run.stderr!r}"
        assert len(daemons) == 1, f"one fork of one start failed, but {len(daemons)} of two daemons run"
        wanted = b"%d: started sleep\n%d: killed by SIGKILL\n" % (daemons[0].pid, daemons[0].pid)
        assert run.stdout == wanted, f"one of two daemons could be started, but what is printed is {run.stdout!r}"
        assert run.exit_code == 1, f"a fork failed: the exit status should be 1, not {run.exit_code}"
        assert not run.findings("zombie", "orphan")
