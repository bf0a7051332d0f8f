"""A deadlock is claimed only when it is proven: on recorded ones and their clean twins, and on any graph at all."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import Phase, assume, find, given, settings
from hypothesis import strategies as st
from recordings import NAMES, recorded
from worlds import SIGTERM_MASK, Member, Thread, World, rings, worlds

from grader.observe.blocking import has_handler_for_outside
from grader.observe.snapshot import parse_snapshot
from grader.observe.wait_for import Deadlock, NoProof, describe, prove_deadlock
from grader.rules import deadlock_finding
from sandbox.wire import Facts


def verdict_of(behaviour: str) -> Deadlock | NoProof:
    """The verdict on the pair of snapshots of a recording."""
    subject = recorded(behaviour)
    return prove_deadlock(subject.snapshot(0), subject.snapshot(1), subject.armed())


def judged(world: World, first: Facts | None = None, second: Facts | None = None) -> Deadlock | NoProof:
    """The verdict on a world that stands still, or on two captures of it."""
    snapshots = [parse_snapshot(facts or world.captured(), NAMES) for facts in (first, second)]
    return prove_deadlock(snapshots[0], snapshots[1], world.alarms())


few = settings(max_examples=40)
"""For what hardly depends on the shape of the graph."""


# -- recorded deadlocks ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("behaviour", "in_cycle", "waiting"),
    [
        ("reads_own_pipe", 1, 1),
        ("reads_own_fifo", 1, 1),
        ("reads_own_pipe_after_disarming_the_timer", 1, 1),
        ("polls_its_own_pipe", 1, 1),
        ("opens_a_fifo_that_nobody_else_opens", 1, 1),
        ("child_reads_its_own_write_end", 1, 2),
        ("waits_for_child_that_reads_from_it", 2, 2),
        ("both_write_until_full", 2, 2),
        ("locks_in_opposite_order", 2, 2),
    ],
)
def test_a_deadlock_of_a_real_program_is_proven(behaviour: str, in_cycle: int, waiting: int) -> None:
    proof = verdict_of(behaviour)
    assert isinstance(proof, Deadlock)
    assert (len(proof.cycle), len(proof.waits)) == (in_cycle, waiting)


def test_the_cycle_names_the_processes_in_the_order_of_their_waiting() -> None:
    subject = recorded("waits_for_child_that_reads_from_it")
    proof = verdict_of("waits_for_child_that_reads_from_it")
    assert isinstance(proof, Deadlock)
    (child,) = set(subject.snapshot().processes) - {subject.root}
    assert [wait.process.pid for wait in proof.cycle] == [subject.root, child]
    assert [wait.wakers for wait in proof.cycle] == [frozenset({child}), frozenset({subject.root})]


def test_each_wait_says_who_waits_for_what_and_who_alone_could_end_it() -> None:
    subject = recorded("waits_for_child_that_reads_from_it")
    proof = verdict_of("waits_for_child_that_reads_from_it")
    assert isinstance(proof, Deadlock)
    (child,) = (process for process in subject.snapshot().processes.values() if process.ppid == subject.root)
    assert child.fds is not None
    pipe = child.fds[3].target.removeprefix("pipe:[").removesuffix("]")
    assert [wait.sentence for wait in proof.cycle] == [
        f"`subject` (pid {subject.root}) waits for its child `subject` (pid {child.pid}) to end.",
        f"`subject` (pid {child.pid}) reads from pipe {pipe} (fd 3), which is empty; "
        f"the only open write end is fd 4 of `subject` (pid {subject.root}).",
    ]


def test_who_only_waits_for_the_deadlocked_is_in_the_proof_and_not_in_the_cycle() -> None:
    subject = recorded("child_reads_its_own_write_end")
    proof = verdict_of("child_reads_its_own_write_end")
    assert isinstance(proof, Deadlock)
    assert subject.root not in [wait.process.pid for wait in proof.cycle]
    assert subject.root in [wait.process.pid for wait in proof.waits]


# -- recorded clean twins -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "behaviour",
    [
        "reads_stdin",
        "polls_its_own_pipe_and_stdin",
        "reads_own_pipe_until_the_alarm",
        "reads_own_pipe_until_the_timer",
        "reads_from_a_child_that_sleeps",
        "reads_from_a_child_that_computes",
        "keeps_a_zombie",
        "leader_exits_before_its_thread",
        "has_every_kind_of_signal",
        "opens_one_of_each",
        pytest.param(
            "reads_own_pipe_after_disarming_another_timer",
        ),
        pytest.param(
            "epolls_stdin_by_a_number_that_is_now_a_pipe",
        ),
        pytest.param("stops_itself"),
    ],
)
def test_a_program_that_may_go_on_is_not_called_deadlocked(behaviour: str) -> None:
    assert isinstance(verdict_of(behaviour), NoProof)


def test_that_nothing_is_proven_says_why() -> None:
    subject = recorded("reads_own_pipe_until_the_alarm")
    proof = verdict_of("reads_own_pipe_until_the_alarm")
    sentence = f"`subject` (pid {subject.root}) will get a signal: alarm(60)."
    assert proof == NoProof(reason=sentence, sentences=(sentence,))


def test_the_reason_is_the_thread_that_could_go_on_by_itself() -> None:
    proof = verdict_of("reads_from_a_child_that_sleeps")
    assert isinstance(proof, NoProof)
    assert "sleeps" in proof.reason


def test_a_program_cannot_keep_the_grader_busy_by_the_numbers_it_names() -> None:
    """It named 2147483647, which would take minutes: a small part of that already shows."""
    subject = recorded("selects_from_the_widest_range")
    for snapshot in subject.snapshots:
        (task,) = snapshot["processes"][str(subject.root)]["tasks"].values()
        task["syscall"] = task["syscall"].replace("0x7fffffff", "0x7fffff", 1)
    before = time.process_time()
    assert isinstance(prove_deadlock(subject.snapshot(0), subject.snapshot(1), {}), Deadlock)
    assert time.process_time() - before < 0.05


# -- any ring, and whatever could break it --------------------------------------------------------


@few
@given(rings())
def test_a_ring_of_readers_is_a_deadlock_of_all_of_them(world: World) -> None:
    proof = judged(world)
    assert isinstance(proof, Deadlock)
    assert {wait.tid for wait in proof.waits} == {thread.tid for _member, thread in world.threads()}


@few
@given(rings())
def test_each_member_of_a_cycle_waits_for_the_next(world: World) -> None:
    proof = judged(world)
    assert isinstance(proof, Deadlock)
    following = [*proof.cycle[1:], proof.cycle[0]]
    assert all(
        waiting.tid == other.tid or other.tid in waiting.wakers
        for waiting, other in zip(proof.cycle, following, strict=True)
    )
    assert len({wait.tid for wait in proof.cycle}) == len(proof.cycle)


Change = Callable[[Thread], Thread]


def with_one_changed(world: World, data: st.DataObject, change: Change) -> World:
    place = data.draw(st.integers(0, len(world.members) - 1), label="place")
    members = list(world.members)
    members[place] = replace(members[place], threads=tuple(change(thread) for thread in members[place].threads))
    return replace(world, members=tuple(members))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda thread: replace(thread, does="run"), id="it runs"),
        pytest.param(lambda thread: replace(thread, does="sleep"), id="it sleeps for a time"),
        pytest.param(lambda thread: replace(thread, pending=SIGTERM_MASK), id="a signal is pending"),
        pytest.param(lambda thread: replace(thread, tracer=99), id="it is traced"),
    ],
)
@few
@given(world=rings(), data=st.data())
def test_one_thread_that_could_go_on_forbids_the_claim(change: Change, world: World, data: st.DataObject) -> None:
    assert isinstance(judged(with_one_changed(world, data, change)), NoProof)


@pytest.mark.parametrize("field", ["blocked", "ignored"])
@few
@given(world=rings(), data=st.data())
def test_a_pending_signal_that_will_not_be_delivered_wakes_nobody(
    field: str, world: World, data: st.DataObject
) -> None:
    deaf = with_one_changed(world, data, lambda thread: replace(thread, pending=SIGTERM_MASK, **{field: SIGTERM_MASK}))
    assert isinstance(judged(deaf), Deadlock)


@few
@given(rings(), st.data())
def test_an_armed_alarm_of_any_process_forbids_the_claim(world: World, data: st.DataObject) -> None:
    member = data.draw(st.sampled_from(world.members))
    assert isinstance(judged(replace(world, armed=frozenset({member.pid}))), NoProof)


@few
@given(rings(), st.data())
def test_an_alarm_of_a_process_that_is_no_more_forbids_nothing(world: World, data: st.DataObject) -> None:
    assert isinstance(judged(replace(world, armed=frozenset({9999}))), Deadlock)


@few
@given(rings(), st.data())
def test_a_posix_timer_of_any_process_forbids_the_claim(world: World, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(world.members) - 1))
    members = list(world.members)
    members[place] = replace(members[place], timers=True)
    assert isinstance(judged(replace(world, members=tuple(members))), NoProof)


@few
@given(rings(), st.data())
def test_a_pipe_end_outside_forbids_the_claim(world: World, data: st.DataObject) -> None:
    read = [member.fds[thread.fd][0] for member, thread in world.threads() if thread.does == "read"]
    assert isinstance(judged(replace(world, outside={data.draw(st.sampled_from(read)): "w"})), NoProof)


@few
@given(rings())
def test_an_end_outside_of_a_pipe_that_nobody_waits_on_forbids_nothing(world: World) -> None:
    assert isinstance(judged(replace(world, outside={1: "w", 2: "r"})), Deadlock)


@few
@given(rings(), st.data())
def test_one_more_process_that_runs_forbids_the_claim_even_if_it_holds_nothing(
    world: World, data: st.DataObject
) -> None:
    stranger = Member(500, data.draw(st.sampled_from([1, 10])), (Thread(500, "run"),))
    assert isinstance(judged(replace(world, members=(*world.members, stranger))), NoProof)


@few
@given(rings())
def test_a_zombie_of_its_own_ends_a_wait_for_any_child(world: World) -> None:
    zombie = Member(500, 10, zombie=True)
    waits = any(thread.does == "wait" for _member, thread in world.threads())
    proof = judged(replace(world, members=(*world.members, zombie)))
    assert isinstance(proof, NoProof if waits else Deadlock)


# -- two looks ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda thread: replace(thread, switches=8), id="it was scheduled meanwhile"),
        pytest.param(lambda thread: replace(thread, does="wait"), id="it was in another call"),
        pytest.param(lambda thread: replace(thread, fd=4), id="it read from another descriptor"),
        pytest.param(lambda thread: replace(thread, does="run"), id="it ran"),
        pytest.param(lambda thread: replace(thread, tid=777), id="it was another thread"),
    ],
)
@few
@given(world=rings(), data=st.data(), backwards=st.booleans())
def test_two_looks_that_differ_prove_nothing(
    change: Change, world: World, data: st.DataObject, backwards: bool
) -> None:
    changed = with_one_changed(world, data, change)
    pair = (changed.captured(), world.captured())
    assume(pair[0] != pair[1])
    first, second = reversed(pair) if backwards else pair
    assert isinstance(judged(world, first, second), NoProof)


@few
@given(rings(), st.booleans())
def test_a_process_in_one_look_only_proves_nothing(world: World, backwards: bool) -> None:
    more = replace(world, members=(*world.members, Member(500, 1, (Thread(500, "wait"),))))
    first, second = (world, more) if backwards else (more, world)
    assert isinstance(judged(world, first.captured(), second.captured()), NoProof)


@pytest.mark.parametrize("unread", [(0,), (1,), (0, 1)], ids=["first look", "second look", "both"])
@pytest.mark.parametrize("file", ["stat", "fds", "status", "syscall", "timers"])
@few
@given(world=rings(), data=st.data())
def test_what_could_not_be_read_proves_nothing(
    unread: tuple[int, ...], file: str, world: World, data: st.DataObject
) -> None:
    looks = [world.captured(), world.captured()]
    process = data.draw(st.sampled_from(sorted(looks[0]["processes"])))
    unreadable = {"error": data.draw(st.sampled_from(["EACCES", "ESRCH", "ENOENT"]))}
    for look in unread:
        facts = looks[look]["processes"][process]
        if file in facts:
            facts[file] = unreadable
        else:
            for task in facts["tasks"].values():
                task[file] = unreadable
    proof = judged(world, *looks)
    assert isinstance(proof, NoProof) or (file, unread) == ("timers", (0,))


def test_a_set_of_descriptors_that_could_not_be_read_proves_nothing() -> None:
    subject = recorded("selects_from_the_widest_range")
    for snapshot in subject.snapshots:
        (task,) = snapshot["processes"][str(subject.root)]["tasks"].values()
        number, _count, wanted, _none, *rest = task["syscall"].split()
        task["syscall"] = " ".join([number, "0x8", wanted, "0x7f00", *rest])
        task["memory"]["2"] = {"error": "EIO"}
    assert isinstance(prove_deadlock(subject.snapshot(0), subject.snapshot(1), {}), NoProof)


@pytest.mark.parametrize(
    ("before", "after", "seconds", "is_proven"),
    [
        ("(0, 0)", "(0, 0)", 0.5, True),
        ("(0, 0)", "(0, 0)", 0.01, False),  # perhaps it is late
        ("(0, 900)", "(0, 0)", 0.5, False),
        ("(0, 900)", "(0, 900)", 0.5, False),
    ],
)
def test_a_timer_counts_as_not_armed_when_it_has_long_had_no_time_left(
    before: str, after: str, seconds: float, is_proven: bool
) -> None:
    subject = recorded("reads_own_pipe")
    for snapshot, value in zip(subject.snapshots, (before, after), strict=True):
        for descriptor in snapshot["processes"][str(subject.root)]["fds"].values():
            descriptor |= {"link": "anon_inode:[timerfd]", "info": f"it_value: {value}\n"}
    subject.snapshots[1]["time"] = subject.snapshots[0]["time"] + seconds
    proof = prove_deadlock(subject.snapshot(0), subject.snapshot(1), {})
    assert isinstance(proof, Deadlock) == is_proven


HEAP = 0x5555_0000_0000


@pytest.mark.parametrize(
    ("address", "other", "is_proven"),
    [
        (None, "it_value: (9, 0)", True),  # on the thread's own stack, where nobody else writes
        (HEAP, "it_value: (9, 0)", False),  # the timer may be what was asked for
        (HEAP, "eventfd-count: 0", True),  # whatever was asked for, nothing of it comes from outside
        (HEAP, "", True),
    ],
)
def test_what_another_thread_may_have_overwritten_since_may_have_been_any_descriptor(
    address: int | None, other: str, is_proven: bool
) -> None:
    subject = recorded("polls_its_own_pipe")
    for snapshot in subject.snapshots:
        process = snapshot["processes"][str(subject.root)]
        del snapshot["outside"][process["fds"]["0"]["link"]]  # standard input is at its end
        (task,) = process["tasks"].values()
        if address is not None:
            number, _own, *rest = task["syscall"].split()
            task["syscall"] = " ".join([number, hex(address), *rest])
        if other:
            kind = "timerfd" if other.startswith("it") else "eventfd"
            process["fds"]["5"] = {"link": f"anon_inode:[{kind}]", "mode": 0o120700, "info": f"{other}\n"}
    proof = prove_deadlock(subject.snapshot(0), subject.snapshot(1), {})
    assert isinstance(proof, Deadlock) == is_proven


def test_a_program_cannot_keep_the_grader_busy_by_the_descriptors_that_it_may_have_asked_for() -> None:
    subject = recorded("polls_its_own_pipe")
    for snapshot in subject.snapshots:
        process = snapshot["processes"][str(subject.root)]
        del snapshot["outside"][process["fds"]["0"]["link"]]
        (task,) = process["tasks"].values()
        number, _own, *rest = task["syscall"].split()
        task["syscall"] = " ".join([number, hex(HEAP), *rest])
        process["fds"] |= {str(number): process["fds"]["3"] for number in range(5, 3000)}
    before = time.process_time()
    assert isinstance(prove_deadlock(subject.snapshot(0), subject.snapshot(1), {}), NoProof)
    assert time.process_time() - before < 0.5


HANDLES_SIGINT = 1 << 1


@pytest.mark.parametrize(
    ("exe", "argv", "may"),
    [
        ("/work/subject", ("./subject",), True),
        ("", ("sort",), True),
        ("/usr/bin/sort", ("sort",), False),
        ("/usr/bin/python3.11", ("python3", "x.py"), True),
        ("/usr/bin/dash", ("sh", "script"), True),
        ("/usr/bin/dash", ("sh", "-c", "cat | wc -l"), False),
        ("/bin/bash", ("bash", "-c", "trap 'echo x >f' USR1; wait"), True),
        ("/usr/bin/dash", ("sh", "-c", "cd dir; . ./more"), True),
        ("/usr/bin/dash", ("sh", "-c", "$0", "trap"), True),
    ],
)
def test_the_handlers_that_count_are_those_that_could_be_the_student_s(
    exe: str, argv: tuple[str, ...], may: bool
) -> None:
    subject = recorded("reads_own_pipe")
    process = subject.snapshot().processes[subject.root]
    (thread,) = process.threads
    handling = replace(thread, status=replace(thread.status, caught=HANDLES_SIGINT))
    assert has_handler_for_outside(replace(process, exe=exe, argv=argv, threads=(handling,))) is may


def test_of_many_holders_a_few_are_told_its_own_first() -> None:
    ends = {3: (1001, "r"), 4: (1001, "w")}
    proof = judged(World(tuple(Member(pid, 1, (Thread(pid, "read", fd=3),), ends) for pid in range(10, 70, 10))))
    assert isinstance(proof, Deadlock)
    assert proof.waits[1].because == (
        "its write end is open as its own fd 4, fd 4 of `subject` (pid 10), fd 4 of `subject` (pid 30) and 3 more"
    )


def test_a_long_cycle_says_how_much_of_it_is_not_told() -> None:
    pids = [10, 20, 30, 40, 50, 60]
    members = [
        Member(pid, 1, (Thread(pid, "read", fd=3),), {3: (1000 + pid, "r"), 4: (1000 + pids[place - 1], "w")})
        for place, pid in enumerate(pids)
    ]
    proof = judged(World(tuple(members)))
    assert isinstance(proof, Deadlock)
    finding = deadlock_finding(proof)
    assert finding.message.endswith(" And so on, with 2 more. So nothing can ever go on.")
    told = finding.evidence["cycle"]
    assert isinstance(told, list)
    assert len(told) == 6


def test_no_process_at_all_is_no_deadlock() -> None:
    assert judged(World(())) == NoProof(reason="no process is left")


def test_a_sandbox_of_zombies_is_no_deadlock() -> None:
    assert isinstance(judged(World((Member(10, 1, zombie=True),))), NoProof)


# -- any graph at all -----------------------------------------------------------------------------


@settings(max_examples=500)
@given(worlds())
def test_no_claim_is_made_while_anything_outside_the_blocked_could_wake_one_of_them(world: World) -> None:
    if isinstance(judged(world), Deadlock):
        assert not world.could_go_on()


@settings(max_examples=300)
@given(worlds())
def test_of_pipes_and_children_every_deadlock_is_proven_and_with_all_its_threads(world: World) -> None:
    """Unless the check holds an end of a pipe that is waited on: then no claim is made, whichever end it is."""
    waited_on = {member.fds[thread.fd][0] for member, thread in world.threads() if thread.does in ("read", "write")}
    assume(not waited_on & set(world.outside))
    proof = judged(world)
    stuck = {thread.tid for _member, thread in world.threads() if not world.could_go_on()}
    assert ({wait.tid for wait in proof.waits} if isinstance(proof, Deadlock) else set()) == stuck


@pytest.mark.parametrize("size", [1, 2, 3])
def test_the_worlds_that_are_tried_have_deadlocks_of_every_size_among_them(size: int) -> None:
    def is_one(world: World) -> bool:
        return not world.could_go_on() and len({member.pid for member, _thread in world.threads()}) == size

    find(worlds(), is_one, settings=settings(max_examples=2000, database=None, phases=[Phase.generate]))


# -- describe -------------------------------------------------------------------------------------


@settings(max_examples=100)
@given(worlds())
def test_every_thread_is_described_in_a_sentence_of_its_own(world: World) -> None:
    snapshot = parse_snapshot(world.captured(), NAMES)
    sentences = describe(snapshot, world.alarms())
    pids = [member.pid for member, _thread in world.threads()]
    assert len(sentences) == len(pids)
    for pid, sentence in zip(pids, sentences, strict=True):
        assert f"`subject` (pid {pid})" in sentence
        assert sentence.endswith(".")


def test_what_a_hang_without_proof_was_doing_is_told() -> None:
    subject = recorded("reads_stdin")
    fds = subject.snapshot().processes[subject.root].fds
    assert fds is not None
    pipe = fds[0].target.removeprefix("pipe:[").removesuffix("]")
    assert describe(subject.snapshot(), {}) == (
        f"`subject` (pid {subject.root}) reads from pipe {pipe} (fd 0), waiting for input from outside.",
    )
