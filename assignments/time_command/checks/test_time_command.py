"""Commands whose end, time and memory are known, and what is told about them."""

import re
import time

from grader.checks import Fault

PATIENCE = 3.0
"""Seconds that a state may take on a busy machine, less than the time limit. Only a wrong program needs them."""

REPORT = re.compile(
    rb"real (?P<real>\d+\.\d{3}) s\n"
    rb"user (?P<user>\d+\.\d{3}) s\n"
    rb"sys (?P<sys>\d+\.\d{3}) s\n"
    rb"memory (?P<memory>\d+) KiB\n\Z"
)
"""All but the first line, as bytes at the end of standard error."""

LENIENT_REPORT = re.compile(REPORT.pattern.replace(rb"\d{3}", rb"\d+"))
"""The same for checks that are about the numbers: how many places there are is for one check to say."""

STAT = "stat() { read -r line </proc/$$/stat; set -- $line; user=${14} in_kernel=${17}; }; stat;"
"""What a shell has used itself in user mode, and its children in the kernel, in hundredths of a second."""

COUNTS = STAT + "while [ $user -lt 25 ]; do i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; stat; done; times"
"""A shell that computes for a quarter of a second, then says what it and its children have used."""

COPIES = STAT + "while [ $in_kernel -lt 20 ]; do dd if=/dev/zero of=/dev/null bs=1 count=50000 2>&-; stat; done; times"
"""One that has children which let the kernel work."""

TIMES = re.compile(rb"(\d+)m([\d.]+)s (\d+)m([\d.]+)s")
"""A line of `times`, first for the shell, then for its children: user time and system time."""

MEBIBYTE = 1 << 20

TWENTY_MEBIBYTES = f"head -c {20 * MEBIBYTE} /dev/zero | tail -c {20 * MEBIBYTE} | wc -c"
"""`tail` has to keep all of it, as it does not know where the end will be."""

CATCHES = """
trap 'echo caught INT' INT
trap 'echo caught QUIT' QUIT
until read -r line; do :; done
exit 7
"""
"""A shell that says so when it is interrupted, and goes on until it gets a line."""

INHERITED = "sleep 1001 & exec ./time_command cat"
"""A shell that becomes a second time_command, which then has a child of which it knows nothing."""


def number(run, what):
    """One of the numbers of the report."""
    match = LENIENT_REPORT.search(run.stderr)
    assert match, f"the report has to be the end of standard error, but that is {run.stderr!r}"
    return float(match[what])


def assert_first_line(run, line):
    assert line in run.stderr.splitlines(), (
        f"the report begins with the line `{line.decode()}`, but standard error has {run.stderr!r}"
    )


def command(view, process, name):
    """The child of the program with that name, if it has one."""
    return next((child for child in view.children_of(process.pid) if child.command == name), None)


def waiting(view, process, name):
    """That child, once it and the program sleep."""
    child = command(view, process, name)
    return child is not None and child.state == "sleeping" and view.root.state == "sleeping" and child


def rest(process):
    """Wait until nobody moves any more. A program that never rests, or has ended, is judged as it then is."""
    try:
        return process.settle(within=PATIENCE)
    except AssertionError:
        return process.view()


def is_over(view, process):
    """Whether the program has ended."""
    return all(other.pid != process.pid or other.state == "zombie" for other in view.processes)


def test_exited(program):
    for code in (0, 3, 255):
        run = program.run("sh", "-c", f"cat; echo to stderr >&2; exit {code}", stdin=b"input\n")
        assert run.exit_code == code, (
            f"the command exits with {code}, and that is the exit status, but it is {run.exit_code}"
        )
        assert run.stdout == b"input\n", f"the command prints its input, but standard output has {run.stdout!r}"
        wanted = b"to stderr\nsh: exited with %d\n" % code
        report = LENIENT_REPORT.search(run.stderr)
        form = f"sh: exited with {code}, then a line each for real, user, sys and memory"
        assert report, f"expected on standard error {form} in the given form, but it is {run.stderr!r}"
        assert run.stderr[: report.start()] == wanted, (
            f"expected on standard error what the command prints, `to stderr`, and {form}, but it is {run.stderr!r}"
        )
        assert not run.findings("zombie", "orphan")


def test_form(program):
    run = program.run("true")
    assert REPORT.search(run.stderr), (
        "a time is in seconds, with three places behind the point, such as 0.005, but standard error has "
        f"{run.stderr!r}"
    )


def test_killed(program):
    for name, signal in (("TERM", 15), ("KILL", 9), ("SEGV", 11), ("HUP", 1)):
        run = program.run("sh", "-c", f"kill -{name} $$")
        assert run.exit_code == 128 + signal, (
            f"SIG{name} ({signal}) kills the command: the exit status is {128 + signal}, not "
            + (f"{run.exit_code}" if run.exit_code is not None else f"{run.signal}")
        )
        assert_first_line(run, b"sh: killed by SIG" + name.encode())
        number(run, "real")


def test_cannot_execute(program, workdir):
    workdir.write("notes.txt", b"no program\n", mode=0o644)
    for word, code, why in (
        ("no-such-command", 127, "does not exist"),
        ("./notes.txt", 126, "may not be executed"),
    ):
        run = program.run(word)
        assert run.exit_code == code, f"a command that {why} counts as {code}, not {run.exit_code}"
        assert_first_line(run, b"%s: exited with %d" % (word.encode(), code))
        reports = run.stderr.count(b"real ")
        assert reports == 1, f"one command, one report; but there are {reports}: {run.stderr!r}"
        said = run.stderr.partition(b": exited with")[0]
        assert said.count(word.encode()) >= 2, (
            f"before the report, standard error should say why {word} cannot be executed, but it is {run.stderr!r}"
        )


def test_real_time(program):
    """How much more it is than the command's time is judged against the check's own clock, which runs longer."""
    started = time.monotonic()
    run = program.run("sleep", "0.3")
    passed = time.monotonic() - started
    assert run.exit_code == 0
    real = number(run, "real")
    assert real >= 0.28, f"`sleep 0.3` takes 0.3 seconds at least, but real is {real}"
    assert real <= passed + 0.03, f"`sleep 0.3` was over {passed:.3f} seconds after the start, but real is {real}"


def test_cpu_time(program):
    """The time limit is for a machine with a lot to do."""
    for script in (COUNTS, COPIES):
        run = program.run("sh", "-c", script, timeout=30)
        assert run.exit_code == 0
        lines = TIMES.findall(run.stdout)
        assert len(lines) == 2, f"the command prints what it has used in two lines, but it is {run.stdout!r}"
        for what, place in (("user", 0), ("sys", 2)):
            expected = sum(int(line[place]) * 60 + float(line[place + 1]) for line in lines)
            found = number(run, what)
            assert abs(found - expected) <= 0.1, (
                f"the command and its children have used {expected:.2f} seconds of {what} time, but {what} is {found}"
            )


def test_memory(program):
    run = program.run("sh", "-c", TWENTY_MEBIBYTES)
    assert run.exit_code == 0
    memory = number(run, "memory")
    assert 20 << 10 <= memory <= 128 << 10, (
        f"a part of the command needs a little more than {20 << 10} KiB of memory, but memory is {memory:.0f} KiB"
    )


def test_starts_clean(program):
    with program.start("sleep", "1001") as process:
        view = process.wait_until(lambda view: waiting(view, process, "sleep"), within=PATIENCE)
        child = command(view, process, "sleep")
        run = process.stop()
    assert not run.findings("fd-leak-exec")
    for what in ("ignored", "blocked"):
        signals = sorted(name for name in getattr(child.signals, what) if not name.startswith("SIGRT"))
        assert not signals, f"the command was started with {', '.join(signals)} {what}: it inherits that across exec"


def test_survives_ctrl_c(program):
    """The command catches both signals and ends later; then one is killed by them."""
    with program.start("sh", "-c", CATCHES) as process:
        process.wait_until(
            lambda view: (
                waiting(view, process, "sh")
                and {"SIGINT", "SIGQUIT"} <= command(view, process, "sh").signals.caught
                and command(view, process, "sh").blocked_in("read")
            ),
            within=PATIENCE,
        )
        for name in ("INT", "QUIT"):
            process.send_signal(f"SIG{name}", to="group")
            assert not is_over(rest(process), process), (
                f"SIG{name} has come to the whole group; the command catches it and still runs, but you have ended"
            )
            process.expect(f"caught {name}\n".encode(), within=PATIENCE)
        process.send(b"a line\n")
        run = process.wait(within=PATIENCE)
    assert not run.findings("zombie", "orphan")
    assert run.exit_code == 7, "the command catches SIGINT and SIGQUIT and exits with 7, and so do you, not " + (
        f"by {run.signal}" if run.signal else f"with {run.exit_code}"
    )
    assert_first_line(run, b"sh: exited with 7")

    with program.start("sleep", "1001") as process:
        process.wait_until(lambda view: waiting(view, process, "sleep"), within=PATIENCE)
        process.settle(within=PATIENCE)
        process.send_signal("SIGINT", to="group")
        run = process.wait(within=PATIENCE)
    assert run.exit_code == 130, "Ctrl-C (SIGINT, 2) kills the command: you end with 130, not " + (
        f"by {run.signal} yourself" if run.signal else f"with {run.exit_code}"
    )
    assert_first_line(run, b"sleep: killed by SIGINT")


def test_stopped(program):
    with program.start("sleep", "1001") as process:
        view = process.wait_until(lambda view: waiting(view, process, "sleep"), within=PATIENCE)
        child = command(view, process, "sleep")
        for signal in ("SIGSTOP", "SIGCONT"):
            process.send_signal(signal, to=child.pid)
            view = rest(process)
            assert not is_over(view, process), f"the command has got {signal} and has not ended, but you have"
            assert process.stderr == b"", f"the command has not ended, but there is already {process.stderr!r}"
        process.send_signal("SIGKILL", to=child.pid)
        run = process.wait(within=PATIENCE)
    assert run.exit_code == 137
    assert_first_line(run, b"sleep: killed by SIGKILL")


def test_own_child(program):
    """A time_command that has inherited a child, which ends first."""
    with program.start("sh", "-c", INHERITED) as process:
        view = process.wait_until(lambda view: view.named("cat") and view.named("sleep"), within=PATIENCE)
        process.settle(within=PATIENCE)
        process.send_signal("SIGKILL", to=view.named("sleep")[0].pid)
        process.settle(within=PATIENCE)
        assert b"killed by" not in process.stderr, (
            f"another child than the command has ended, and was taken for the command: {process.stderr!r}"
        )
        process.close_stdin()
        run = process.wait(within=PATIENCE)
    assert_first_line(run, b"cat: exited with 0")
    assert run.exit_code == 0


def test_interrupted(program):
    """The first call of a wait function fails with EINTR."""
    with program.start("cat", fail=[Fault("wait", "EINTR")]) as process:
        process.send(b"input\n")
        process.close_stdin()
        run = process.wait(within=PATIENCE)
    assert run.exit_code == 0, (
        "the first wait for the command was interrupted (EINTR) and has to be made again; the command then exited with "
        f"0, and so should you, but you {run.ending}"
    )
    assert_first_line(run, b"cat: exited with 0")
    assert not run.findings("zombie", "orphan")


def test_fork_fails(program):
    run = program.run("true", fail=[Fault("fork", "EAGAIN")])
    assert run.exit_code == 1, f"fork failed: the exit status should be 1, not {run.exit_code}"
    assert b"Resource temporarily unavailable" in run.stderr, (
        f"standard error should say why fork failed, but has {run.stderr!r}"
    )
    assert b"real" not in run.stderr, f"no command has run, so there is nothing to report, but it is {run.stderr!r}"

    run = program.run()
    assert run.exit_code == 2, f"without a command the exit status is 2, not {run.exit_code}"
    assert run.stderr != b"", "without a command there is a message on standard error"
