"""What goes in comes out, once and in order, and whoever cannot go on waits."""

import re
from contextlib import suppress

PATIENCE = 5.0
"""Seconds that a state may take on a busy machine, less than the time limit. Only a wrong program needs them."""


def let_it_rest(process):
    """Wait until nothing moves any more. The two looks make sure that this is judged by what is newer than they.

    A program that never rests is told so by a check of its own.
    """
    process.view()
    process.view()
    with suppress(AssertionError):
        process.settle(within=PATIENCE / 4)


def at_rest(process):
    """The same, but no less will do: who is stopped then is sure to be waiting, with no lock in hand."""
    process.view()
    process.view()
    return process.settle(within=PATIENCE)


def tell(process, *lines):
    process.send(b"".join(line.encode() + b"\n" for line in lines))


def pid_of(process, worker):
    tell(process, f"{worker} pid")
    return int(process.expect(re.compile(rb"%d: pid \d+\n" % worker), within=PATIENCE).split()[-1])


def finish(process, *lines):
    """Send the last lines, close the input, and wait for the end: if somebody waits for ever, that is a deadlock."""
    tell(process, *lines)
    process.close_stdin()
    run = process.wait(within=PATIENCE)
    assert not run.findings("deadlock")
    assert run.exit_code == 0
    return run


def answers(run, worker):
    """What a worker has answered, without its number."""
    prefix = b"%d: " % worker
    return [line.removeprefix(prefix).decode() for line in run.stdout.splitlines() if line.startswith(prefix)]


def stop(process, *pids):
    for pid in pids:
        process.send_signal("SIGSTOP", to=pid)
    process.wait_until(
        lambda view: {other.pid for other in view.processes if other.state == "stopped"} >= set(pids), within=PATIENCE
    )


def go_on(process, *pids):
    for pid in pids:
        process.send_signal("SIGCONT", to=pid)


def test_one_item(program):
    with program.start("3", "2") as process:
        first, second = pid_of(process, 1), pid_of(process, 2)
        children = {child.pid for child in process.view().children_of(process.pid)}
        assert first != second, f"worker 1 and worker 2 should be two processes, but both are {first}"
        assert {first, second} <= children, "the workers should be children of the program's first process"
        tell(process, "1 put apple")
        process.expect(b"1: put apple\n", within=PATIENCE)
        run = finish(process, "2 get")
    assert answers(run, 2)[1:] == ["get apple"], f"worker 1 has put an apple, but worker 2 says {answers(run, 2)[1:]}"
    assert run.stderr == b"", f"standard error should be empty, but has {run.stderr!r}"
    assert not run.findings("zombie", "orphan")


def test_first_in_first_out(program):
    """Through a queue of three, with one or two items in it, so that a ring goes round several times."""
    lines = ["1 put item0"]
    for number in range(1, 12):
        lines += [f"1 put item{number}", "1 get"]
    run = program.run("3", "1", stdin="".join(f"{line}\n" for line in [*lines, "1 get"]).encode())
    assert not run.findings("deadlock")
    assert run.exit_code == 0
    found = [answer.removeprefix("get ") for answer in answers(run, 1) if answer.startswith("get ")]
    wanted = [f"item{number}" for number in range(12)]
    assert found == wanted, f"item0 to item11 were put in this order, but they come out as {', '.join(found)}"

    longest = "".join(f"{number:03d}." for number in range(256))[:1023]
    run = program.run("3", "1", stdin=f"1 put {longest}\n1 get\n".encode())
    assert run.exit_code == 0
    (found,) = [answer.removeprefix("get ") for answer in answers(run, 1) if answer.startswith("get ")]
    assert found == longest, f"an item of 1023 bytes was put, and one of {len(found)} bytes was got: " + (
        f"`...{found[-20:]}`, which is not all of it" if longest.startswith(found) else f"`{found[:40]}...`"
    )


def test_empty_waits(program):
    with program.start("3", "2") as process:
        tell(process, "2 get")
        let_it_rest(process)
        assert process.stdout == b"", f"nothing has been put, but worker 2 has not waited: it says {process.stdout!r}"
        run = finish(process, "1 put apple")
    assert answers(run, 2) == ["get apple"]
    assert answers(run, 1) == ["put apple"]


def test_full_waits(program):
    for maxsize in (2, 1, 10):
        items = [f"item{number}" for number in range(maxsize + 1)]
        puts = [f"put {item}" for item in items]
        with program.start(str(maxsize), "2") as process:
            tell(process, *(f"1 {put}" for put in puts))
            let_it_rest(process)
            with suppress(AssertionError):
                process.wait_until(lambda view, fit=maxsize: process.stdout.count(b"\n") >= fit, within=PATIENCE)
            fitted = process.stdout.count(b"\n")
            assert fitted == maxsize, f"{maxsize} items fit into the queue, but worker 1 could put {fitted} of them"
            run = finish(process, *["2 get"] * (maxsize + 1))
        assert answers(run, 1) == puts
        assert sorted(answers(run, 2)) == sorted(f"get {item}" for item in items)


def test_nowait(program):
    """One worker alone, then one beside another who waits."""
    lines = (
        ("get_nowait", "empty"),
        ("put_nowait egg", "put_nowait egg"),
        ("put egg", "put egg"),
        ("put_nowait egg", "full"),
        ("put_nowait egg", "full"),
        ("get_nowait", "get_nowait egg"),
        ("put_nowait egg", "put_nowait egg"),
        ("get", "get egg"),
        ("get_nowait", "get_nowait egg"),
        ("get_nowait", "empty"),
    )
    run = program.run("2", "1", stdin="".join(f"1 {line}\n" for line, _answer in lines).encode())
    assert not run.findings("deadlock")
    assert run.exit_code == 0
    found = answers(run, 1)
    assert len(found) == len(lines), f"to {len(lines)} commands there are {len(found)} answers"
    done = []
    for (line, wanted), answer in zip(lines, found, strict=True):
        done.append(line)
        assert answer == wanted, (
            f"in a queue of 2, after {', '.join(done)}, the answer should be `{wanted}`, but it is `{answer}`"
        )

    with program.start("1", "2") as process:
        tell(process, "1 get")
        let_it_rest(process)
        tell(process, "2 get_nowait")
        process.expect(b"2: empty\n", within=PATIENCE)

    with program.start("1", "2") as process:
        tell(process, "1 put a", "1 put b")
        process.expect(b"1: put a\n", within=PATIENCE)
        let_it_rest(process)
        tell(process, "2 put_nowait c")
        process.expect(b"2: full\n", within=PATIENCE)


def test_waits_asleep(program):
    """Of two that wait, one for an item and one for room, both sleep, and not for a time."""
    for what, lines in (("an item", ["1 get"]), ("room", ["1 put a", "1 put b"])):
        with program.start("1", "1") as process:
            worker = pid_of(process, 1)
            tell(process, *lines)
            process.view()
            process.view()
            try:
                view = process.settle(within=PATIENCE)
            except AssertionError:
                assert not process.is_running, f"a worker that waits for {what} does not sleep, but looks all the time"
                raise
            naps = [other for other in view.processes if other.blocked_in("nanosleep", "clock_nanosleep")]
            assert not naps, f"a worker that waits for {what} takes naps and looks again and again"
            nap = process.naps()
            assert not nap, f"a worker that waits for {what} should sleep until it comes, but {nap}"
            assert any(other.pid == worker for other in view.processes), "worker 1 has ended"


def test_every_waiter_is_woken(program):
    """Those who wait are stopped, so that they cannot run as soon as they are woken; then all is done at once."""
    with program.start("3", "4") as process:
        pids = [pid_of(process, worker) for worker in (1, 2, 3)]
        tell(process, "1 get", "2 get", "3 get")
        at_rest(process)
        stop(process, *pids)
        tell(process, "4 put a", "4 put b", "4 put c")
        process.expect(b"4: put c\n", within=PATIENCE)
        go_on(process, *pids)
        run = finish(process)
    got = sorted(answers(run, worker)[-1] for worker in (1, 2, 3))
    assert got == ["get a", "get b", "get c"], f"a, b and c were put for three who waited, but they say {got}"

    with program.start("3", "4") as process:
        pids = [pid_of(process, worker) for worker in (1, 2, 3)]
        tell(process, "4 put a", "4 put b", "4 put c")
        process.expect(b"4: put c\n", within=PATIENCE)
        tell(process, "1 put d", "2 put e", "3 put f")
        at_rest(process)
        stop(process, *pids)
        tell(process, "4 get", "4 get", "4 get")
        process.expect(re.compile(rb"(4: get [abc]\n){3}"), within=PATIENCE)  # in whatever order
        go_on(process, *pids)
        run = finish(process, "4 get", "4 get", "4 get")
    got = sorted(answers(run, 4)[-3:])
    assert got == ["get d", "get e", "get f"], f"d, e and f were put by three who waited, but what came is {got}"

    with program.start("1", "4") as process:
        pids = [pid_of(process, worker) for worker in (1, 2)]
        tell(process, "1 get", "2 get")
        at_rest(process)
        stop(process, *pids)
        tell(process, "3 put a")
        process.expect(b"3: put a\n", within=PATIENCE)
        tell(process, "4 put b")
        at_rest(process)
        go_on(process, *pids)
        run = finish(process)
    got = sorted(answers(run, worker)[-1] for worker in (1, 2))
    assert got == ["get a", "get b"], f"a and b were put for two who waited, but they say {got}"


def test_no_item_twice(program):
    """Worker 1 waits and is stopped. An item comes, and worker 3 takes it, unless it already belongs to worker 1."""
    with program.start("2", "3") as process:
        waiter = pid_of(process, 1)
        tell(process, "1 get")
        at_rest(process)
        stop(process, waiter)
        tell(process, "2 put apple")
        process.expect(b"2: put apple\n", within=PATIENCE)
        tell(process, "3 get_nowait")
        answer = process.expect(re.compile(rb"3: .*\n"), within=PATIENCE)
        go_on(process, waiter)
        let_it_rest(process)
        if b"apple" in answer:
            assert b"1: get" not in process.stdout, (
                "there was one apple, and worker 3 took it; then worker 1, who had waited, got something too: "
                f"{process.stdout.splitlines()[-1]!r}"
            )
            run = finish(process, "2 put pear")
            assert answers(run, 1)[-1] == "get pear"
        else:
            assert b"3: empty" in answer
            run = finish(process)
            assert answers(run, 1)[-1] == "get apple"


def produce_and_consume(program, maxsize):
    each = 2000
    lines = [f"{worker} produce {each}" for worker in (1, 2, 3)] + [f"{worker} consume {each}" for worker in (4, 5, 6)]
    run = program.run(str(maxsize), "6", stdin="\n".join([*lines, ""]).encode(), timeout=60)
    sums = [int(found) for found in re.findall(rb"\d: consumed %d, sum (\d+)\n" % each, run.stdout)]
    return run, 3, len(sums), 3 * each * (each + 1) // 2, sum(sums)


def churn(program):
    """Each of four workers has one item in the queue at most, so nobody ever waits, but for a lock."""
    lines = [f"{worker} churn 60" for worker in (1, 2, 3, 4)]
    run = program.run("8", "4", stdin="\n".join([*lines, ""]).encode(), timeout=60)
    sums = re.findall(rb"\d: churned, put (\d+), got (\d+)\n", run.stdout)
    return run, 4, len(sums), sum(int(put) for put, _got in sums), sum(int(got) for _put, got in sums)


def test_nothing_lost(program):
    """Many at the same time. Those who never wait can be interrupted anywhere in the midst of changing the ring."""
    for run, workers, told, put, got in (
        churn(program),
        produce_and_consume(program, 3),
        produce_and_consume(program, 10),
    ):
        assert not run.findings("deadlock")
        assert run.exit_code == 0
        assert told == workers, f"{workers} workers should say what they got, but {told} do"
        assert got == put, (
            f"the sum of all that was put is {put}, that of all that was got {got}: some items were lost, others came "
            "twice"
        )
