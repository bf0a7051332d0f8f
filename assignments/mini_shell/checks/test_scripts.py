"""Lines from a pipe: commands, redirections, pipelines, their statuses and descriptors."""

from grader.checks import Fault

PATIENCE = 3.0
"""Seconds that a state may take on a busy machine, less than the time limit. Only a wrong program needs them."""

LONG = 30.0
"""Seconds that a shell may run with which a check talks; every single wait is limited by PATIENCE."""

ENDS = b'#!/bin/sh\nexit "$1"\n'
UMASK = b"#!/bin/sh\numask 002\necho 'echo text > shared.txt' | ./mini_shell\nstat -c %a shared.txt\n"
DIES = b'#!/bin/sh\nkill -"$1" $$\n'


def script(*lines):
    return "".join(f"{line}\n" for line in lines).encode()


def run_lines(program, *lines, **options):
    return program.run(stdin=script(*lines), **options)


def prints(run, wanted, lines):
    """The output of a shell that was given these lines."""
    shown = "; ".join(lines)
    assert run.stdout == wanted, f"the lines `{shown}` should print {wanted!r}, but print {run.stdout!r}"


def test_commands(program, workdir):
    lines = ("echo  one\ttwo", "", " \t ", "\techo three", "exit 7", "echo never")
    run = run_lines(program, *lines)
    prints(run, b"one two\nthree\n", lines)
    assert run.exit_code == 7
    assert run.stderr == b"", f"standard error should be empty, but has {run.stderr!r}"

    lines = ("mkdir sub", "cd sub", "pwd", "cd ..", "pwd", "cd", "pwd")
    run = run_lines(program, *lines, env={"HOME": "/tmp"})
    prints(run, b"/work/sub\n/work\n/tmp\n", lines)

    lines = ("cd no-such-folder", "pwd")
    run = run_lines(program, *lines)
    prints(run, b"/work\n", lines)
    assert run.stderr, "`cd no-such-folder` fails: standard error should say so"
    run = program.run(stdin=b"false")
    assert run.exit_code == 1, f"the last command ended with 1: the shell should end with 1, not {run.exit_code}"


def test_statuses(program, workdir):
    workdir.write("ends", ENDS, mode=0o755)
    workdir.write("dies", DIES, mode=0o755)
    workdir.write("notes.txt", b"no program\n", mode=0o644)
    for line, status in (
        ("./ends 0", 0),
        ("./ends 3", 3),
        ("./ends 255", 255),
        ("./dies TERM", 143),
        ("./dies KILL", 137),
        ("no-such-command", 127),
        ("./notes.txt", 126),
        ("./ends 5 | ./ends 0", 0),
        ("cd no-such-folder", 1),
    ):
        run = run_lines(program, "./ends 9", line, "exit")
        assert run.exit_code == status, f"the status of `{line}` should be {status}, not {run.exit_code}"
        if status in (126, 127):
            assert line.encode() in run.stderr, f"standard error should name {line}, but has {run.stderr!r}"

    lines = ("no-such-command", "echo after")
    prints(run_lines(program, *lines), b"after\n", lines)


def test_redirections(program, workdir):
    workdir.write("in.txt", b"pear\napple\n")
    workdir.write("old.txt", b"this was here before and is longer\n")
    workdir.write("log.txt", b"first\n")
    lines = (
        "echo kept > kept.txt | true",
        "sort < in.txt > sorted.txt",
        "echo short > old.txt",
        "echo second >> log.txt",
        "echo third >> log.txt",
        "echo new >> made.txt",
        "head -n 1 < in.txt | head -n 1 > fruit.txt",
        "echo lost | head -n 1 < in.txt",
        "stat -c %a sorted.txt made.txt",
        "echo to standard output",
    )
    run = run_lines(program, *lines)
    prints(run, b"pear\n644\n644\nto standard output\n", lines)
    for line, name, wanted in (
        (lines[1], "sorted.txt", b"apple\npear\n"),
        (lines[2], "old.txt", b"short\n"),
        (f"{lines[3]}; {lines[4]}", "log.txt", b"first\nsecond\nthird\n"),
        (lines[5], "made.txt", b"new\n"),
        (lines[6], "fruit.txt", b"pear\n"),
        (lines[0], "kept.txt", b"kept\n"),
    ):
        assert name in workdir.names(), f"after `{line}` there should be a file {name}"
        content = workdir.read(name)
        assert content == wanted, f"after `{line}`, {name} should have {wanted!r}, not {content!r}"

    workdir.write("with_umask", UMASK, mode=0o755)
    run = run_lines(program, "./with_umask")
    assert run.stdout == b"664\n", (
        "with the umask 002, `echo text > shared.txt` should make a file of mode 664 (0666 less 002), "
        f"not {run.stdout!r}"
    )


def test_pipelines(program):
    for line, wanted in (
        ("seq 100 | grep 7 | wc -l", b"19\n"),
        ("echo through" + " | cat" * 11, b"through\n"),
        ("head -c 4000000 /dev/zero | cat | wc -c", b"4000000\n"),
    ):
        run = run_lines(program, line)
        assert not run.findings("deadlock")
        prints(run, wanted, [line])
    run = run_lines(program, "echo one | cat", "echo two | cat")
    assert not run.findings("deadlock")
    prints(run, b"one\ntwo\n", ["echo one | cat", "echo two | cat"])


def test_early_reader(program, workdir):
    """Only SIGPIPE can end `yes`, and that needs every read end closed; it ends after the last command."""
    workdir.write("ends", ENDS, mode=0o755)
    run = run_lines(program, "yes | head -n 1", "yes | ./ends 3")
    assert not run.findings("deadlock")
    prints(run, b"y\n", ["yes | head -n 1"])
    assert run.exit_code == 3, f"the status of `yes | ./ends 3` should be 3, not {run.exit_code}"
    exits = [process.exit_code for process in run.processes if list(process.argv[:1]) == ["yes"]]
    assert exits == [None, None], (
        "`yes` should be ended by SIGPIPE; instead it saw its write fail and exited: "
        "what is ignored before exec stays ignored after it"
    )


def test_no_fd_leaks(program, fdprobe, workdir):
    workdir.write("in.txt", b"some text\n")
    run = run_lines(
        program,
        "fdprobe < in.txt | fdprobe | fdprobe > out.txt",
        "fdprobe < in.txt >> out.txt",
        "fdprobe < in.txt | cat",
    )
    assert not run.findings("fd-leak-exec")
    assert run.exit_code == 0
    reports = len(fdprobe.reports(run))
    assert reports == 5, f"fdprobe should have been run 5 times, but was {reports} times"
    extra = fdprobe.extra_descriptors(run)
    assert extra == {}, f"a command needs 0, 1 and 2, but these are open beside them, by pid: {extra}"

    with program.start(timeout=LONG) as process:

        def one_round():
            process.send(
                script("cat < in.txt | cat > out.txt", "cat < in.txt >> out.txt", "true | cat < in.txt", "echo round")
            )
            process.expect(b"round\n", within=PATIENCE)

        assert not process.growth(one_round)


def test_goes_on(program):
    for line in ("| cat", "cat |", "echo a | | cat", "echo >", "cat <", "echo > | cat", "&"):
        run = run_lines(program, line, "exit")
        assert run.exit_code == 2, f"`{line}` makes no sense: the status should be 2, not {run.exit_code}"
        assert run.stderr, f"`{line}` makes no sense: standard error should say so"
        assert len(run.processes) == 1, f"`{line}` makes no sense: nothing should be started"

    for line, name in (("cat < no-such-file", b"no-such-file"), ("echo lost > no/such/folder", b"no/such/folder")):
        run = run_lines(program, line, "exit")
        assert run.exit_code == 1, f"the status of `{line}` should be 1, not {run.exit_code}"
        assert name in run.stderr, f"standard error should name the file of `{line}`, but has {run.stderr!r}"
        run = run_lines(program, line, "echo on")
        prints(run, b"on\n", [line, "echo on"])

    for line, on_call in (("echo lost", 1), ("echo lost | cat", 2)):
        fault = Fault("fork", "EAGAIN", on_call=on_call)
        run = run_lines(program, line, "exit", fail=[fault])
        assert run.exit_code == 1, f"a fork failed for `{line}`: its status should be 1, not {run.exit_code}"
        assert b"Resource temporarily unavailable" in run.stderr, (
            f"standard error should say why fork failed, but has {run.stderr!r}"
        )
        assert not run.findings("zombie", "orphan")
        run = run_lines(program, line, "echo on", fail=[fault])
        assert run.stdout.endswith(b"on\n"), f"after a fork has failed, `echo on` should be run: {run.stdout!r}"
