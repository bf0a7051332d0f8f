"""Jobs that end when the check ends them, signals that come alone or together, a clock, and what is told about it.

To let several things happen at the same time, the program is stopped (SIGSTOP) and later continued.
"""

import contextlib
import itertools
import re
import time

from grader.checks import Fault

PATIENCE = 3.0
"""Seconds that a state may take on a busy machine, less than the time limit. Only a wrong program needs them."""

NEVER = "3600000"
"""A period that no run sees the end of, in milliseconds."""

ANSWER = re.compile(rb"^running: \d+\n", re.MULTILINE)

LONGEST_LINE = 1000

TICK = re.compile(rb"^tick (\d+)\n", re.MULTILINE)

SLOW_CLOCK = b"kill -STOP $$; exec sleep 0.5\n"
"""A job that sleeps ten periods of 50 ms, but starts to do so only when it is continued."""


def comes_to_rest(process):
    """Wait until nobody moves any more; false for a program that never rests, or has ended."""
    try:
        process.settle(within=PATIENCE)
    except AssertionError:
        return False
    return True


def rest(process):
    """The same, and what things are like then. A program that never rests, or has ended, is judged as it then is."""
    comes_to_rest(process)
    return process.view()


def is_over(view, process):
    """Whether the program has ended."""
    return all(other.pid != process.pid or other.state == "zombie" for other in view.processes)


def state_of(view, pid):
    return next((process.state for process in view.processes if process.pid == pid), "gone")


def sleepers(view, process):
    """The jobs that are in `sleep`, by its argument."""
    return {
        job.argv[-1]: job
        for job in view.children_of(process.pid)
        if job.command == "sleep" and job.blocked_in("clock_nanosleep", "nanosleep", "restart_syscall")
    }


def start_sleepers(process, *words):
    """Start `sleep` once for each word, wait until all of them sleep, and return them."""
    for word in words:
        process.send(f"exec sleep {word}\n".encode())
        process.expect(b": started\n", within=PATIENCE)
    view = process.wait_until(lambda view: set(sleepers(view, process)) >= set(words), within=PATIENCE)
    found = sleepers(view, process)
    return [found[word] for word in words]


def stopped_job(view, process):
    return next((job.pid for job in view.children_of(process.pid) if job.state == "stopped"), None)


def stop(process):
    process.send_signal("SIGSTOP")
    process.wait_until(lambda view: view.root.state == "stopped", within=PATIENCE)


def assert_goes_on(view, process):
    assert not is_over(view, process), (
        "the program was stopped and continued, which should change nothing, but it ended"
    )


def kill_all(process, jobs):
    """Kill those jobs of a stopped program: they stay zombies until it goes on."""
    for job in jobs:
        process.send_signal("SIGKILL", to=job.pid)
    process.wait_until(lambda view: all(state_of(view, job.pid) == "zombie" for job in jobs), within=PATIENCE)


def ends(stdout):
    """The lines about ends, sorted."""
    return sorted(re.findall(rb"^(job \d+: (?:exited|killed).*)\n", stdout, re.MULTILINE))


def ticks(stdout):
    return [int(number) for number in TICK.findall(stdout)]


def test_jobs(program):
    with program.start() as process:
        process.send(b"exit 3\n")
        process.expect(b"job 1: exited with 3\n", within=PATIENCE)
        (sleeper,) = start_sleepers(process, "1001")
        process.send_signal("SIGKILL", to=sleeper.pid)
        process.expect(b"job 2: killed by SIGKILL\n", within=PATIENCE)
        process.send(b"echo hello; true\n")
        process.expect(b"job 3: exited with 0\n", within=PATIENCE)
    told = [line for line in process.stdout.splitlines() if line != b"hello"]
    wanted = [
        b"job 1: started",
        b"job 1: exited with 3",
        b"job 2: started",
        b"job 2: killed by SIGKILL",
        b"job 3: started",
        b"job 3: exited with 0",
    ]
    assert told == wanted, f"expected {b', '.join(wanted).decode()}, but it is {process.stdout!r}"
    assert b"hello\n" in process.stdout, f"job 3 prints `hello`, but the output is {process.stdout!r}"
    assert process.stderr == b"", f"standard error should be empty, but has {process.stderr!r}"


def test_lines(program):
    with program.start() as process:
        process.send(b"exec sleep 1001\nexec sleep 1002\n\nexec sleep 1003\n")
        for number in (1, 2, 3):
            process.expect(b"job %d: started\n" % number, within=PATIENCE)
        process.wait_until(lambda view: set(sleepers(view, process)) == {"1001", "1002", "1003"}, within=PATIENCE)
        process.send(b"exec sleep 10")
        rest(process)
        jobs = sleepers(process.view(), process)
        assert set(jobs) == {"1001", "1002", "1003"}, f"half a line was sent, but the jobs are {sorted(jobs)}"
        process.send_signal("SIGKILL", to=jobs["1002"].pid)
        process.expect(b"job 2: killed by SIGKILL\n", within=PATIENCE)
        process.send(b"04\n")
        process.expect(b"job 4: started\n", within=PATIENCE)
        process.wait_until(lambda view: set(sleepers(view, process)) == {"1001", "1003", "1004"}, within=PATIENCE)

        process.send(b"exec sleep 1005\n".rjust(LONGEST_LINE))
        process.expect(b"job 5: started\n", within=PATIENCE)
        view = rest(process)
        assert "1005" in sleepers(view, process), (
            f"a line of {LONGEST_LINE} bytes was sent, with `exec sleep 1005` at its end, but no job does that"
        )


def test_answers(program):
    def ask(number):
        process.send_signal("SIGUSR1")
        process.expect(b"running: %d\n" % number, within=PATIENCE)

    with program.start() as process:
        first, second = start_sleepers(process, "1001", "1002")
        ask(2)
        ask(2)
        start_sleepers(process, "1003")
        ask(3)
        for job in (second, first):
            process.send_signal("SIGKILL", to=job.pid)
            process.expect(b": killed by SIGKILL\n", within=PATIENCE)
        rest(process)
        ask(1)


def test_several_ends(program):
    """Four jobs end while the program is stopped: it will get one SIGCHLD. The fifth goes on."""
    with program.start() as process:
        *jobs, _last = start_sleepers(process, "1001", "1002", "1003", "1004", "1005")
        stop(process)
        kill_all(process, jobs)
        process.send_signal("SIGCONT")
        with contextlib.suppress(AssertionError):
            process.wait_until(
                lambda view: len(ends(process.stdout)) >= 4 and all(state_of(view, job.pid) == "gone" for job in jobs),
                within=PATIENCE,
            )
        view = rest(process)
    assert_goes_on(view, process)
    zombies = [job.pid for job in jobs if state_of(view, job.pid) == "zombie"]
    wanted = [b"job %d: killed by SIGKILL" % number for number in (1, 2, 3, 4)]
    told = ends(process.stdout)
    assert told == wanted, f"jobs 1, 2, 3 and 4 were killed while the program was stopped, but the reports are {told}"
    assert not zombies, f"{len(zombies)} of the 4 jobs that were killed and reported are still zombies"


def test_stopped_job(program):
    with program.start() as process:
        (job,) = start_sleepers(process, "1001")
        for signal in ("SIGSTOP", "SIGCONT"):
            process.send_signal(signal, to=job.pid)
            rest(process)
            process.send_signal("SIGUSR1")
            process.expect(b"running: 1\n", within=PATIENCE)
            rest(process)
            told = ends(process.stdout)
            assert not told, f"job 1 has got {signal} and has not ended, but the reports are {told}"
        process.send_signal("SIGKILL", to=job.pid)
        process.expect(b"job 1: killed by SIGKILL\n", within=PATIENCE)


def test_fork_fails(program):
    """The second job cannot be started, the third can."""
    with program.start(fail=[Fault("fork", "EAGAIN", on_call=2)]) as process:
        start_sleepers(process, "1001")
        process.send(b"exec sleep 1002\n")
        process.expect(b"job 2: not started\n", within=PATIENCE)
        start_sleepers(process, "1003")
        assert b"job 3: started\n" in process.stdout, (
            f"job 2 was not started, so that the next is job 3, but it is {process.stdout!r}"
        )
        process.send_signal("SIGUSR1")
        process.expect(b"running: 2\n", within=PATIENCE)
    reason = b"Resource temporarily unavailable"
    assert reason in process.stderr, f"standard error should say why fork failed, but has {process.stderr!r}"


def test_several_signals(program):
    """SIGUSR1 (three times, which makes one to three answers) and SIGCHLD are pending together."""
    with program.start() as process:
        job, _other = start_sleepers(process, "1001", "1002")
        stop(process)
        kill_all(process, [job])
        for _time in range(3):
            process.send_signal("SIGUSR1")
        process.send_signal("SIGCONT")
        with contextlib.suppress(AssertionError):
            process.wait_until(lambda view: ends(process.stdout) and ANSWER.search(process.stdout), within=PATIENCE)
        view = rest(process)
    assert_goes_on(view, process)
    answers = ANSWER.findall(process.stdout)
    assert 1 <= len(answers) <= 3, f"SIGUSR1 came three times at once: 1 to 3 answers, not {len(answers)}"
    assert ends(process.stdout) == [b"job 1: killed by SIGKILL"], (
        "SIGUSR1 and SIGCHLD came at the same time. SIGUSR1 was answered, "
        f"but the reports about jobs that have ended are {ends(process.stdout)}"
    )


def test_ticks(program):
    """Every 50 ms as often as there is time, then once after more than a second. How late a tick is, is not judged."""
    period = 0.05
    started = time.monotonic()
    with program.start("50") as process:
        for _tick in range(4):
            process.expect(TICK, within=PATIENCE)
            numbers = ticks(process.stdout)
            passed = time.monotonic() - started
            assert numbers == sorted(set(numbers)), (
                f"each tick has a higher number than the one before, but they are {numbers[:10]}"
            )
            assert numbers[-1] <= passed / period, (
                f"{passed:.2f} seconds have passed, and the clock is at tick {numbers[-1]}: the period is 50 ms"
            )

    with program.start("1100") as process:
        process.expect(b"tick ", within=PATIENCE)


def test_late_ticks(program):
    """The program is stopped for ten periods, as long as a job sleeps. Only one line may tell of them."""
    with program.start("50") as process:
        process.send(SLOW_CLOCK)
        view = process.wait_until(lambda view: stopped_job(view, process), within=PATIENCE)
        clock = stopped_job(view, process)
        stop(process)
        process.send_signal("SIGCONT", to=clock)
        process.wait_until(lambda view: state_of(view, clock) == "zombie", within=PATIENCE)
        process.settle(within=PATIENCE)
        known = ticks(process.stdout)
        process.send_signal("SIGCONT")
        with contextlib.suppress(AssertionError):
            process.wait_until(lambda view: len(ticks(process.stdout)) >= len(known) + 2, within=PATIENCE)
        assert_goes_on(process.view(), process)
        numbers = [0, *ticks(process.stdout)]
    steps = [later - earlier for earlier, later in itertools.pairwise(numbers)]
    assert max(steps, default=0) >= 9, (
        "the program was stopped for ten periods, so that from one tick to the next the number should go up by about "
        f"that, but the ticks are {numbers[1:]}"
    )


def test_jobs_start_clean(program):
    with program.start(NEVER) as process:
        jobs = start_sleepers(process, "1001", "1002")
    for job in jobs:
        for what in ("blocked", "ignored"):
            signals = sorted(name for name in getattr(job.signals, what) if not name.startswith("SIGRT"))
            assert not signals, f"a job was started with {', '.join(signals)} {what}: it inherits that across exec"
        stdin = next((fd.target for fd in job.fds if fd.number == 0), "closed")
        assert stdin == "/dev/null", f"the standard input of a job should be /dev/null, but is {stdin}"


def test_no_fd_leaks(program, fdprobe):
    """First to the end; then one after the other, with an input that stays open until all of them have run."""
    run = program.run(NEVER, stdin=b"fdprobe\n")
    assert not run.findings("fd-leak-exec")
    assert run.exit_code == 0

    with program.start(NEVER) as process:

        def one_job():
            process.send(b"fdprobe\n")
            process.expect(b"exited with 0\n", within=PATIENCE)

        assert not process.growth(one_job, rounds=3, within=PATIENCE)
        process.close_stdin()
        several = process.wait(within=PATIENCE)
    assert not several.findings("fd-leak-exec")
    reports = len(fdprobe.reports(several))
    assert reports == 4, f"4 jobs should have run, but {reports} did"
    extra = fdprobe.extra_descriptors(several)
    assert extra == {}, f"a job needs 0, 1 and 2, but these are open beside them, by pid: {extra}"
    assert not run.findings("fd-leak-exit")
    assert not several.findings("fd-leak-exit")


def test_end_of_input(program):
    run = program.run()
    assert run.exit_code == 0, "without input there is nothing to do, and the exit status is 0, not " + (
        f"{run.exit_code}" if run.exit_code is not None else f"{run.signal}"
    )

    with program.start() as process:
        first, second = start_sleepers(process, "1001", "1002")
        process.close_stdin()
        quiet = comes_to_rest(process)
        if not is_over(process.view(), process):  # if it is, the jobs are orphans, as the grader will find
            assert quiet, (
                "the input is at its end, and two jobs run: there is nothing to do, but the program does not sleep"
            )
            for job in (second, first):
                process.send_signal("SIGKILL", to=job.pid)
                process.expect(b": killed by SIGKILL\n", within=PATIENCE)
        run = process.wait(within=PATIENCE)
    assert not run.findings("zombie", "orphan")
    wanted = [b"job 1: killed by SIGKILL", b"job 2: killed by SIGKILL"]
    assert ends(run.stdout) == wanted, f"two jobs have ended after the end of the input, but it is {run.stdout!r}"
    assert run.exit_code == 0


def test_shuts_down(program):
    """Standard input stays open. At last a job that stays, and a line that comes too late."""
    for signal in ("SIGTERM", "SIGINT"):
        with program.start() as process:
            start_sleepers(process, "1001", "1002")
            process.send_signal(signal)
            run = process.wait(within=PATIENCE)
        assert not run.findings("zombie", "orphan")
        wanted = [b"job 1: killed by SIGTERM", b"job 2: killed by SIGTERM"]
        assert ends(run.stdout) == wanted, (
            f"{signal} has to end both jobs by SIGTERM, and that is reported, but the reports are {ends(run.stdout)}"
        )
        assert run.exit_code == 0

    with program.start() as process:
        process.send(b"trap '' TERM; exec sleep 1001\n")
        view = process.wait_until(lambda view: sleepers(view, process), within=PATIENCE)
        process.send_signal("SIGTERM")
        rest(process)
        process.send(b"exec sleep 1002\n")
        rest(process)
        assert b"job 2" not in process.stdout, (
            f"SIGTERM has come, and no more jobs may be started, but it is {process.stdout!r}"
        )
        process.send_signal("SIGKILL", to=sleepers(view, process)["1001"].pid)
        run = process.wait(within=PATIENCE)
    assert run.exit_code == 0


def test_sleeps(program):
    with program.start() as process:
        for line in (b"exit 0\n", b"exit 3\n"):
            process.send(line)
            process.expect(b": exited with ", within=PATIENCE)
            view = process.settle(within=PATIENCE)
            assert not view.root.blocked_in("nanosleep", "clock_nanosleep"), (
                "it sleeps for a time, in the hope that what it waits for will have happened by then"
            )
            naps = process.naps()
            assert not naps, f"there is no clock, and no job runs: it should sleep until something comes, but {naps}"
        process.send_signal("SIGUSR1")
        process.expect(b"running: 0\n", within=PATIENCE)
        process.settle(within=PATIENCE)
