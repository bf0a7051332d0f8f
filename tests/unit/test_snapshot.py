"""One moment of every process, from captures of real programs; what could not be looked at is not left out."""

from dataclasses import replace

import pytest
from recordings import Recording, recorded

from grader.observe.snapshot import ProcessState, Snapshot, parse_snapshot

UNREADABLE = {"error": "EACCES"}


def parsed(recording: Recording) -> Snapshot:
    return recording.snapshot()


def only_child(recording: Recording) -> ProcessState:
    (child,) = (process for process in recording.snapshot().processes.values() if process.ppid == recording.root)
    return child


def test_every_process_is_there_with_its_relations() -> None:
    subject = recorded("waits_for_child_that_reads_from_it")
    child = only_child(subject)
    snapshot = subject.snapshot()
    assert set(snapshot.processes) == {subject.root, child.pid}
    assert snapshot.complete
    root = snapshot.processes[subject.root]
    assert (root.ppid, root.pgid, root.sid) == (1, subject.root, subject.root)
    assert (child.ppid, child.pgid, child.sid) == (subject.root, subject.root, subject.root)


def test_a_process_says_what_it_is() -> None:
    subject = recorded("waits_for_child_that_reads_from_it")
    root = subject.snapshot().processes[subject.root]
    assert (root.command, root.argv, root.exe, root.state) == (
        "subject",
        ("./subject", "waits_for_child_that_reads_from_it"),
        "/work/subject",
        "S",
    )
    assert root.label == f"`subject` (pid {subject.root})"


@pytest.mark.parametrize(
    ("argv", "name"),
    [
        ("./a_name_of_more_than_fifteen", "a_name_of_more_than_fifteen"),
        ("/work/a_name_of_more_than_fifteen", "a_name_of_more_than_fifteen"),
        ("another", "a_name_of_more_"),
        ("", "a_name_of_more_"),
    ],
)
def test_a_long_name_is_told_in_full_where_the_arguments_have_it(argv: str, name: str) -> None:
    subject = recorded("waits_for_child_that_reads_from_it")
    root = subject.snapshot().processes[subject.root]
    assert replace(root, command="a_name_of_more_", argv=(argv,)).name == name


def test_a_blocked_thread_has_its_call() -> None:
    subject = recorded("waits_for_child_that_reads_from_it")
    calls = [
        (process.pid, thread.tid, thread.call.name if thread.call else None)
        for process in subject.snapshot().processes.values()
        for thread in process.threads
    ]
    child = only_child(subject)
    assert calls == [(subject.root, subject.root, "wait4"), (child.pid, child.pid, "read")]


def test_a_thread_that_computes_has_none() -> None:
    child = only_child(recorded("reads_from_a_child_that_computes"))
    assert [(thread.status.state, thread.call) for thread in child.threads] == [("R", None)]


def test_the_check_s_ends_of_the_standard_pipes_are_outside() -> None:
    subject = recorded("reads_stdin")
    fds = subject.snapshot().processes[subject.root].fds
    assert fds is not None
    assert subject.snapshot().outside == {fds[0].identity: "w", fds[1].identity: "r", fds[2].identity: "r"}


def test_a_zombie_has_ended_and_no_thread_is_left() -> None:
    child = only_child(recorded("keeps_a_zombie"))
    assert (child.is_zombie, child.live_threads, child.exe, child.argv) == (True, (), "", ())


def test_a_zombie_leaves_a_snapshot_complete() -> None:
    assert recorded("keeps_a_zombie").snapshot().complete


def test_a_leader_that_has_exited_before_its_thread_is_no_zombie_and_its_table_is_seen() -> None:
    subject = recorded("leader_exits_before_its_thread")
    root = subject.snapshot().processes[subject.root]
    assert (root.state, root.is_zombie) == ("Z", False)
    assert [thread.tid for thread in root.live_threads] == [root.threads[1].tid]
    assert root.fds is not None
    assert [fd.number for fd in root.fds] == [0, 1, 2, 3, 4]
    assert subject.snapshot().complete


def test_all_threads_of_a_process_are_there() -> None:
    subject = recorded("opens_one_of_each")
    root = subject.snapshot().processes[subject.root]
    assert len(root.live_threads) == 2
    assert {thread.call.name for thread in root.live_threads if thread.call} == {"pause"}


def test_a_timer_of_timer_create_is_seen() -> None:
    armed, plain = recorded("reads_own_pipe_until_the_timer"), recorded("reads_own_pipe")
    assert armed.snapshot().processes[armed.root].has_timers
    assert not plain.snapshot().processes[plain.root].has_timers


def test_two_snapshots_tell_when_they_were_taken() -> None:
    subject = recorded("reads_own_pipe")
    assert 0 < subject.snapshot(0).time < subject.snapshot(1).time


@pytest.mark.parametrize("file", ["stat", "fds"])
def test_a_process_of_which_something_could_not_be_read_makes_the_snapshot_incomplete(file: str) -> None:
    subject = recorded("waits_for_child_that_reads_from_it")
    subject.process()[file] = UNREADABLE
    assert not parsed(subject).complete


@pytest.mark.parametrize("file", ["status"])
def test_a_thread_that_could_not_be_looked_at_makes_the_snapshot_incomplete(file: str) -> None:
    subject = recorded("opens_one_of_each")
    for task in subject.process()["tasks"].values():
        task[file] = {"error": "ESRCH"}
    assert not parsed(subject).complete


def test_timers_that_could_not_be_read_count_as_armed() -> None:
    subject = recorded("reads_own_pipe")
    subject.process()["timers"] = UNREADABLE
    assert parsed(subject).processes[subject.root].has_timers


def test_a_call_that_could_not_be_read_is_none_so_that_the_thread_counts_as_running() -> None:
    subject = recorded("reads_own_pipe")
    subject.process()["tasks"][str(subject.root)]["syscall"] = UNREADABLE
    (thread,) = parsed(subject).processes[subject.root].threads
    assert thread.call is None


def test_an_image_that_could_not_be_read_has_no_name() -> None:
    subject = recorded("reads_own_pipe")
    subject.process()["exe"] = UNREADABLE
    assert parsed(subject).processes[subject.root].exe == ""


def test_a_sandbox_without_processes_is_empty_and_complete() -> None:
    snapshot = parse_snapshot({"processes": {}, "outside": {}}, {})
    assert (snapshot.processes, snapshot.outside, snapshot.complete) == ({}, {}, True)
