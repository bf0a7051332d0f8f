"""Jobs that wait for the check, and what is passed on of them meanwhile."""

import contextlib
import re

from grader.checks import Fault

PATIENCE = 3.0
"""Seconds that a state may take on a busy machine, less than the time limit. Only a wrong program needs them."""

LONG = 30.0
"""Seconds that a program may run with which a check talks; every single wait is limited by PATIENCE."""

STARTED = re.compile(rb"^\[(\d+)\] RUN LOG: Process started! pid=(\d+)$")
FINISHED = re.compile(rb"^\[(\d+)\] RUN LOG: Process finished! exit_code=(\d+)$")

FOREVER = "exec sleep 1001"
"""A job, or its end, that lasts until the check ends it."""


def wait_for(process, condition):
    """Wait until `condition()` is true of what is printed; whether it is, the check asks afterwards."""
    with contextlib.suppress(AssertionError):
        process.wait_until(lambda view: condition(), within=PATIENCE)


def lines_of(stdout, job=None):
    """The whole lines so far, all or those of one job."""
    lines = stdout.split(b"\n")[:-1]
    return [line for line in lines if job is None or line.startswith(b"[%d] " % job)]


def streamed(stdout, job, stream):
    """What has been passed on of one output of a job, without the marks."""
    mark = b"[%d] %s: " % (job, stream)
    return [line.removeprefix(mark) for line in lines_of(stdout, job) if line.startswith(mark)]


def matches(pattern, stdout):
    """The matching lines: number of the job to the number that is told."""
    found = [pattern.match(line) for line in lines_of(stdout)]
    return {int(match[1]): int(match[2]) for match in found if match}


def expect_lines(process, *lines, when):
    """Wait for all these lines, in any order."""
    wait_for(process, lambda: all(line in lines_of(process.stdout) for line in lines))
    missing = [line for line in lines if line not in lines_of(process.stdout)]
    assert not missing, f"{when}, `{missing[0].decode()}` should be printed, but it is {shown(process.stdout)}"


def expect_finished(process, job, when):
    """Wait for the job's last line and return the exit code."""
    wait_for(process, lambda: job in matches(FINISHED, process.stdout))
    code = matches(FINISHED, process.stdout).get(job)
    assert code is not None, (
        f"{when}, `[{job}] RUN LOG: Process finished! exit_code=...` should be printed, but it is "
        f"{shown(process.stdout)}"
    )
    return code


def shown(stdout):
    """The last of what was printed, in a message."""
    return repr(stdout[-300:].decode("utf-8", "replace"))


def start(process, job, command):
    """Give a command, wait until the run log has its start, and return its pid."""
    process.send(command.encode() + b"\n")
    return expect_started(process, job, command)


def expect_started(process, job, command):
    wait_for(process, lambda: job in matches(STARTED, process.stdout))
    pid = matches(STARTED, process.stdout).get(job)
    assert pid is not None, (
        f"`{command}` was given, and `[{job}] RUN LOG: Process started! pid=...` should be printed, "
        f"but it is {shown(process.stdout)}"
    )
    return pid


def let_it_rest(process):
    """Wait until nothing moves any more. The two looks make sure that this is judged by what is newer than they."""
    process.view()
    process.view()
    with contextlib.suppress(AssertionError):
        process.settle(within=PATIENCE / 2)


def expect_rest(process):
    """The program has nothing to do: it should sleep."""
    process.view()
    process.view()
    try:
        process.settle(within=PATIENCE)
    except AssertionError:
        raise AssertionError(
            "there is nothing to read and no command has ended, and yet the program does not sleep: "
            "a descriptor at its end is ready at once, always, for who goes on waiting for it"
        ) from None


def asleep(process, pid):
    """Wait until the job of that pid has become `sleep`, and return what it is then."""

    def sleeper(view):
        return [one for one in view.named("sleep") if one.pid == pid and one.state == "sleeping"]

    view = process.wait_until(sleeper, within=PATIENCE)
    return sleeper(view)[0]


def test_one_command(program):
    run = program.run(stdin=b"echo $$; echo problem >&2; echo\n")
    assert run.exit_code == 0
    lines = run.stdout.split(b"\n")
    started, finished = STARTED.match(lines[0]), b"[1] RUN LOG: Process finished! exit_code=0"
    assert started, f"the first line should be `[1] RUN LOG: Process started! pid=...`, but is {lines[0]!r}"
    assert lines[-2:] == [finished, b""], (
        f"the last line should be `{finished.decode()}`, but the output is {run.stdout!r}"
    )
    wanted = [b"[1] STDERR: problem", b"[1] STDOUT: ", b"[1] STDOUT: " + started[2]]
    assert sorted(lines[1:-2]) == wanted, (
        "between the first and the last line there should be those that the command printed, its pid first: "
        f"{wanted}, but there is {lines[1:-2]}"
    )
    assert run.stderr == b"", f"standard error should be empty, but has {run.stderr!r}"


def test_exit_codes(program):
    commands = ("true", "exit 3", "exit 255", "kill -TERM $$", "kill -KILL $$", "no-such-command")
    run = program.run(stdin="".join(f"{command}\n" for command in commands).encode())
    codes = matches(FINISHED, run.stdout)
    for job, (command, code) in enumerate(zip(commands, (0, 3, 255, 143, 137, 127), strict=True), start=1):
        assert codes.get(job) == code, f"the exit code of `{command}` should be {code}, not {codes.get(job)}"
    assert run.exit_code == 1, f"not all commands ended with 0: the exit status should be 1, not {run.exit_code}"
    run = program.run(stdin=b"true\ntrue\n")
    assert run.exit_code == 0, f"all commands ended with 0: the exit status should be 0, not {run.exit_code}"


def test_live(program):
    """One job, and standard input stays open."""
    with program.start(timeout=LONG) as process:
        pid = start(process, 1, f"echo one; echo two >&2; {FOREVER}")
        expect_lines(process, b"[1] STDOUT: one", b"[1] STDERR: two", when="while the command runs")
        asleep(process, pid)
        assert not matches(FINISHED, process.stdout), "the job is said to be finished, but its process still runs"
        process.send_signal("SIGTERM", to=pid)
        expect_finished(process, 1, "the command was ended")


def test_background(program):
    with program.start(timeout=LONG) as process:
        pids = {job: start(process, job, f"echo {job}; {FOREVER}") for job in (1, 2, 3)}
        expect_lines(process, *(b"[%d] STDOUT: %d" % (job, job) for job in pids), when="while three commands run")
        assert len(set(pids.values())) == 3, f"three jobs run, and their pids are said to be {list(pids.values())}"
        process.send_signal("SIGTERM", to=pids[2])
        expect_finished(process, 2, "the second of three commands was ended")
        process.send(b"\n \t\n")
        pids[4] = start(process, 4, f"echo 4; {FOREVER}")
        expect_lines(process, b"[4] STDOUT: 4", when="while the fourth command runs")
        for job in (4, 1, 3):
            process.send_signal("SIGTERM", to=pids[job])
            expect_finished(process, job, f"the command of job {job} was ended")


def test_last_line(program):
    run = program.run(stdin=b"printf 'one\\ntwo'; printf 'three' >&2\n")
    assert run.exit_code is not None
    for stream, wanted in ((b"STDOUT", [b"one", b"two"]), (b"STDERR", [b"three"])):
        lines = streamed(run.stdout, 1, stream)
        assert lines == wanted, (
            f"the last line has no newline, but is a line: of {stream.decode()}, "
            f"{wanted} should be passed on, but it is {lines}"
        )
    assert matches(FINISHED, run.stdout), f"`Process finished!` should be on a line of its own: {run.stdout!r}"


def test_whole_lines(program):
    """Half a line on each output of a job; then another job prints; then the other halves come."""
    with program.start(timeout=LONG) as process:
        start(process, 1, "mkfifo gate")
        expect_finished(process, 1, "the command has ended")
        halves = "printf 'left '; printf 'down ' >&2; read -r go <gate; echo right; echo up >&2; " + FOREVER
        start(process, 2, halves)
        process.wait_until(lambda view: any(shell.blocked_in("openat", "open") for shell in view.named("sh")), PATIENCE)
        let_it_rest(process)
        process.send(b"echo whole; ec")
        let_it_rest(process)
        process.send(b"ho lines >&2\n")
        expect_started(process, 3, "echo whole; echo lines >&2")
        expect_lines(
            process,
            b"[3] STDOUT: whole",
            b"[3] STDERR: lines",
            when="while job 2 has printed only half a line on each of its outputs, and job 3 a whole one",
        )
        start(process, 4, "echo go >gate")
        expect_lines(
            process,
            b"[2] STDOUT: left right",
            b"[2] STDERR: down up",
            when="when both halves of a line have come",
        )
        lines = lines_of(process.stdout, 2)[1:]
    assert len(lines) == 2, f"job 2 has printed two lines, in halves, and {lines} is passed on"


def test_much_output(program):
    """Each job fills one of its pipes several times over before it ends the other."""
    third = b"printf 'a\\0b\\r\\n'; head -c 300000 /dev/zero | tr '\\0' z\n"
    run = program.run(stdin=b"seq 20000 >&2; seq 30000\nseq 30000; seq 20000 >&2\n" + third)
    assert not run.findings("deadlock")
    assert run.exit_code == 0
    for job, stream, count in (
        (1, b"STDERR", 20000),
        (1, b"STDOUT", 30000),
        (2, b"STDOUT", 30000),
        (2, b"STDERR", 20000),
    ):
        wanted = [b"%d" % number for number in range(1, count + 1)]
        lines = streamed(run.stdout, job, stream)
        wrong = next((i for i, (got, want) in enumerate(zip(lines, wanted, strict=False)) if got != want), len(lines))
        assert lines == wanted, (
            f"of {stream.decode()} of job {job}, the lines 1 to {count} should be passed on, but there are {len(lines)}"
            f", and the first that is wrong or missing is line {wrong + 1}: {lines[wrong : wrong + 1]}"
        )
    short, *long = streamed(run.stdout, 3, b"STDOUT") or [b""]
    assert short == b"a\0b\r", (
        f"the line of the bytes 'a', 0, 'b' and '\\r' should be passed on as it is, not as {short!r}"
    )
    assert long == [b"z" * 300000], (
        "the third command prints one line of 300000 bytes, but what is passed on are lines of "
        f"{[len(line) for line in long][:5]} bytes"
    )


def test_closed_early(program):
    with program.start(timeout=LONG) as process:
        pid = start(process, 1, f"exec >/dev/null 2>&1; {FOREVER}")
        asleep(process, pid)
        start(process, 2, "echo served")
        expect_lines(process, b"[2] STDOUT: served", when="while job 1 runs on with its outputs closed")
        expect_finished(process, 2, "the second command has ended while the first runs on")
        expect_rest(process)
        assert 1 not in matches(FINISHED, process.stdout), (
            "the job has closed its outputs, but its process still runs: it is not finished"
        )
        process.send_signal("SIGTERM", to=pid)
        expect_finished(process, 1, "the command that had closed its outputs was ended")


def test_outlived(program):
    """The shell ends at once; the process it leaves behind has its outputs and waits for the check."""
    with program.start(timeout=LONG) as process:
        start(process, 1, "mkfifo gate")
        expect_finished(process, 1, "the command has ended")
        pid = start(process, 2, "{ read -r go <gate; echo late; echo later >&2; } & echo early")
        expect_lines(process, b"[2] STDOUT: early", when="while the command's child runs")
        process.wait_until(
            lambda view: all(one.pid != pid or one.state == "zombie" for one in view.processes), PATIENCE
        )
        let_it_rest(process)
        start(process, 3, "echo go >gate")
        expect_finished(process, 2, "the last process that had the outputs has ended")
        lines = lines_of(process.stdout, 2)
    assert sorted(lines[2:-1]) == [b"[2] STDERR: later", b"[2] STDOUT: late"], (
        "the child of the command has printed `late` and `later` before it ended: both should be passed on before "
        f"the job is finished, but the lines are {lines}"
    )


def test_end_of_input(program):
    """The last command comes without a newline, and the input ends while the first still runs."""
    with program.start(timeout=LONG) as process:
        pid = start(process, 1, f"echo one; {FOREVER}")
        asleep(process, pid)
        process.send(b"echo last")
        process.close_stdin()
        wait_for(process, lambda: 2 in matches(FINISHED, process.stdout))
        if not process.is_running:
            assert not process.wait().findings("orphan")
        expect_started(process, 2, "echo last")
        expect_lines(process, b"[2] STDOUT: last", when="after the end of the input")
        expect_finished(process, 2, "the second command has ended")
        expect_rest(process)
        naps = process.naps()
        assert not naps, f"there is nothing to do while `sleep` runs, but {naps}, though nothing had happened"
        process.send_signal("SIGTERM", to=pid)
        expect_finished(process, 1, "the first command was ended")
        run = process.wait(within=PATIENCE)
    assert run.exit_code == 1, f"not all commands ended with 0: the exit status should be 1, not {run.exit_code}"
    assert not run.findings("zombie", "orphan")


def test_born_clean(program):
    with program.start(timeout=LONG) as process:
        pids = [start(process, job, FOREVER) for job in (1, 2, 3)]
        children = [asleep(process, pid) for pid in pids]
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


def test_nothing_left(program):
    """The same short job again and again, while the program runs on."""
    with program.start(timeout=LONG) as process:
        jobs = iter(range(1, 100))

        def one_job():
            job = next(jobs)
            start(process, job, "echo done")
            expect_finished(process, job, "the command has ended")

        assert not process.growth(one_job)
        with contextlib.suppress(AssertionError):
            process.wait_until(lambda view: all(one.state != "zombie" for one in view.processes), within=PATIENCE)
        zombies = [one for one in process.view().processes if one.state == "zombie"]
        process.close_stdin()
        run = process.wait(within=PATIENCE)
    assert not run.findings("zombie")
    assert not zombies, f"every job was finished and the program ran on, but {len(zombies)} of them were zombies"


def test_fork_fails(program):
    """The second fork fails; whose it is, is the program's affair: it may fork for purposes of its own."""
    run = program.run(stdin=b"exec true\n" * 4, fail=[Fault("fork", "EAGAIN", on_call=2)])
    wanted = b"RUN LOG: Process not started! Resource temporarily unavailable"
    failed = [line for line in lines_of(run.stdout) if line.endswith(wanted)]
    assert len(failed) == 1, (
        f"one fork failed, with EAGAIN: one job should have `{wanted.decode()}`, but the output is {run.stdout!r}"
    )
    finished = matches(FINISHED, run.stdout)
    assert sorted(finished.values()) == [0, 0, 0], (
        f"one of four jobs could not be started: the other three should finish with 0, but the output is {run.stdout!r}"
    )
    assert run.exit_code == 1, f"a job could not be started: the exit status should be 1, not {run.exit_code}"
