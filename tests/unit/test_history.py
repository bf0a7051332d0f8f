"""The life of a run, folded from the events of real runs."""

import struct

import pytest
from recordings import Recording, recorded

from grader.observe.history import Fault, History, ProcessHistory, SentSignal, read_history
from grader.observe.procfs import FileDescriptor
from grader.observe.signals import WaitStatus
from grader.observe.timeline import StepKind, timeline
from sandbox.wire import Event, Facts

UNREADABLE = {"error": "EACCES"}
EXITED_0, EXITED_3 = WaitStatus(0, None), WaitStatus(3, None)


def child_of(subject: Recording) -> ProcessHistory:
    history = subject.history()
    (child,) = (process for process in history.processes.values() if process.ppid == subject.root)
    return child


def numbers(table: tuple[FileDescriptor, ...] | None) -> list[int] | None:
    return None if table is None else [descriptor.number for descriptor in table]


def changed(subject: Recording, kind: str, **facts: object) -> History:
    """The history if the events of that kind had told something else."""
    events = [
        event._replace(facts={**event.facts, **facts}) if event.kind == kind else event for event in subject.events
    ]
    return read_history(subject.root, events)


# -- processes ------------------------------------------------------------------------------------


def test_a_run_of_one_process_has_its_image_its_tables_and_its_end() -> None:
    subject = recorded("exits")
    history = subject.history()
    root = history.root_process
    assert list(history.processes) == [subject.root]
    assert [(execution.argv, execution.exe) for execution in root.execs] == [(("./subject", "exits"), "/work/subject")]
    assert (numbers(root.execs[0].fds), numbers(root.fds_at_exit)) == ([0, 1, 2], [0, 1, 2])
    assert (root.exit_code, root.status, root.label) == (0, EXITED_0, f"`subject` (pid {subject.root})")
    assert root.is_students


def test_what_was_captured_before_the_end_of_a_run_counts_even_if_it_is_told_later() -> None:
    subject = recorded("exits")
    (loaded, ended) = (event for event in subject.events if event.kind in ("exec", "exit"))
    stop = ended._replace(kind="stop", time=(loaded.time + ended.time) / 2, facts={})
    history = read_history(subject.root, [stop, *subject.events])
    assert len(history.root_process.execs) == 1
    assert history.root_process.exit_code is None


def test_a_run_without_events_has_its_first_process_and_nothing_about_it() -> None:
    history = read_history(7, [])
    assert history.root_process.label == "`?` (pid 7)"
    assert (history.root_process.status, history.survivors, history.signals) == (None, (), [])


def test_a_child_runs_its_parent_s_image_until_it_executes_something() -> None:
    child = child_of(recorded("waits_for_its_child"))
    assert (child.execs, child.exe, child.argv) == ([], "/work/subject", ("./subject", "waits_for_its_child"))
    assert child.is_students


def test_a_child_that_executes_a_program_of_the_system_is_not_the_student_s_any_more() -> None:
    child = child_of(recorded("leaks_a_file_into_exec"))
    assert (child.exe_at_birth, [execution.exe for execution in child.execs]) == ("/work/subject", ["/usr/bin/true"])
    assert (child.command, child.is_students) == ("true", False)


def test_a_child_runs_the_image_that_its_parent_had_even_if_it_is_seen_after_its_parent_has_executed_another() -> None:
    subject = recorded("leaks_a_file_into_exec")
    loaded, born, executed, *later = subject.events
    overtaking = executed._replace(pid=subject.root, time=(loaded.time + born.time) / 2)
    history = read_history(subject.root, [loaded, overtaking, born, executed, *later])
    child = history.processes[born.pid]
    assert (child.argv_at_birth, child.exe_at_birth) == (("./subject", "leaks_a_file_into_exec"), "/work/subject")
    assert [(step.pid, step.kind) for step in timeline(history)][:3] == [
        (subject.root, "exec"),
        (born.pid, "fork"),
        (subject.root, "exec"),
    ]


def test_an_exit_and_a_wait_are_told_in_order_although_they_are_noticed_late() -> None:
    subject = recorded("waits_for_its_child")
    child = child_of(subject)
    (exits,) = (event for event in subject.events_of("exit") if event.pid == child.pid)
    later = [event._replace(time=event.time + 1.0) if event.kind == "end" else event for event in subject.events]
    gone = Event(subject.events[0].run, "gone", later[-1].time + 1.0, child.pid, {})
    steps = timeline(read_history(subject.root, [*later, gone]))
    in_order = [(child.pid, "exit"), (child.pid, "wait"), (subject.root, "exit")]
    assert [(step.pid, step.kind) for step in steps][-3:] == in_order
    assert steps[-3].time == pytest.approx(exits.time - subject.events[0].time)


@pytest.mark.parametrize(("behaviour", "by"), [("waits_for_its_child", "by pid"), ("leaves_a_zombie", "")])
def test_a_wait_is_told_to_be_the_parent_s_unless_that_had_ended(behaviour: str, by: str) -> None:
    subject = recorded(behaviour)
    child = child_of(subject)
    gone = Event(subject.events[0].run, "gone", subject.events[-1].time, child.pid, {})
    history = read_history(subject.root, [*subject.events, gone])
    (detail,) = (step.detail for step in timeline(history) if step.kind == StepKind.WAIT)
    assert detail == (f"{by} {subject.root}" if by else "")


def test_a_child_is_born_with_copies_of_its_parent_s_descriptors() -> None:
    assert numbers(child_of(recorded("child_inherits_a_file")).fds_at_birth) == [0, 1, 2, 3]


def test_a_child_is_born_once() -> None:
    subject = recorded("child_inherits_a_file")
    again = [event for event in subject.events if event.kind == "birth"]
    again = [event._replace(facts={**event.facts, "fds": {}}) for event in again]
    child = read_history(subject.root, [*subject.events, *again]).processes[child_of(subject).pid]
    assert numbers(child.fds_at_birth) == [0, 1, 2, 3]


def test_an_image_is_loaded_once() -> None:
    subject = recorded("child_inherits_a_file")
    again = [event for event in subject.events if event.kind == "exec"]
    history = read_history(subject.root, subject.events)
    assert read_history(subject.root, [*subject.events, *again]).processes == history.processes


def test_what_threads_hold_in_tables_of_their_own_is_in_that_of_the_exit() -> None:
    subject = recorded("exits")
    (event,) = [event for event in subject.events if event.kind == "exit"]
    row = {"link": "/etc/passwd", "mode": 0o120500, "file": [1, 2, 0o100644]}
    history = changed(subject, "exit", other_fds=[{**event.facts["fds"], "0": row}, {"7": row}])
    assert numbers(history.root_process.fds_at_exit) == [0, 1, 2, 0]
    unreadable = changed(subject, "exit", other_fds=[{"7": {"error": "EACCES"}}])
    assert unreadable.root_process.fds_at_exit is None


def test_a_child_of_posix_spawn_is_known_from_its_exec_on() -> None:
    child = child_of(recorded("leaks_a_file_into_posix_spawn"))
    assert (child.fds_at_birth, child.command, child.exe_at_birth) == (None, "true", "/work/subject")


def test_a_failed_exec_is_none() -> None:
    child = child_of(recorded("leaks_a_file_into_a_failed_exec"))
    assert (child.execs, child.exit_code) == ([], 127)


def test_how_a_child_ended_is_known_although_its_parent_has_reaped_it() -> None:
    assert child_of(recorded("waits_for_its_child")).status == EXITED_3
    assert child_of(recorded("child_dereferences_null")).status == WaitStatus(None, "SIGSEGV")
    assert child_of(recorded("kills_its_child_with_sigkill")).status == WaitStatus(None, "SIGKILL")


def test_a_process_that_was_killed_has_no_table_of_its_exit() -> None:
    child = child_of(recorded("child_dereferences_null"))
    assert (child.fds_at_exit, child.exit_code, child.exit_time) == (None, None, None)


def test_a_waited_for_child_is_not_adopted() -> None:
    assert not child_of(recorded("waits_for_its_child")).adopted


def test_a_child_that_nobody_waited_for_is_adopted_and_was_a_zombie_at_its_parent_s_end() -> None:
    subject = recorded("leaves_a_zombie")
    child = child_of(subject)
    assert (child.adopted, child.status) == (True, EXITED_3)
    assert subject.history().root_process.unwaited == {child.pid: True}


def test_a_child_that_still_ran_at_its_parent_s_end_was_no_zombie_then() -> None:
    subject = recorded("child_ends_right_after_it")
    child = child_of(subject)
    assert subject.history().root_process.unwaited == {child.pid: False}
    assert child.adopted


@pytest.mark.parametrize("behaviour", ["ignores_sigchld", "wants_no_zombies"])
def test_a_parent_whose_children_the_kernel_reaps_is_known_as_such(behaviour: str) -> None:
    assert recorded(behaviour).history().root_process.auto_reap


def test_a_parent_that_did_not_ask_for_that_is_not() -> None:
    assert not recorded("child_ends_right_after_it").history().root_process.auto_reap


def test_what_outlives_the_first_process_and_the_grace_is_a_survivor() -> None:
    subject = recorded("leaves_an_orphan")
    assert subject.history().survivors == (child_of(subject).pid,)
    assert recorded("waits_for_its_child").history().survivors == ()


def test_at_the_time_limit_a_snapshot_is_taken() -> None:
    subject = recorded("computes_for_ever")
    snapshot: Facts = subject.history().timeout_snapshot
    assert list(snapshot["processes"]) == [str(subject.root)]
    assert recorded("exits").history().timeout_snapshot is None


# -- signals, faults ------------------------------------------------------------------------------


def test_a_signal_that_a_fault_could_have_raised_is_told_with_its_sender() -> None:
    subject = recorded("kills_its_child_with_sigsegv")
    assert subject.history().signals == [
        SentSignal(sender=subject.root, sender_group=subject.root, target=child_of(subject).pid, signal="SIGSEGV")
    ]


def test_abort_is_a_signal_to_itself() -> None:
    subject = recorded("aborts")
    assert subject.history().signals == [
        SentSignal(sender=subject.root, sender_group=subject.root, target=subject.root, signal="SIGABRT")
    ]


@pytest.mark.parametrize(
    ("register", "target"), [(7, 7), (0, 0), (2**64 - 7, -7), (2**32 - 7, -7), (2**64 - 1, -1), (-1, -1)]
)
def test_the_target_of_a_signal_is_an_int_of_c(register: int, target: int) -> None:
    (sent,) = changed(recorded("kills_its_child_with_sigsegv"), "kill", target=register).signals
    assert sent.target == target


def test_a_call_that_was_made_to_fail_is_told() -> None:
    subject = recorded("forks_once")
    assert subject.history().faults == [Fault(pid=subject.root, call="clone")]


# -- timers ---------------------------------------------------------------------------------------


def timer_events(*calls: tuple[float, str, Facts]) -> History:
    return read_history(7, [Event(1, kind, time, 7, facts) for time, kind, facts in calls])


def interval_timer(first: float, every: float = 0.0, which: int = 0) -> Facts:
    value = struct.pack("=qqqq", int(every), int(every % 1 * 1e6), int(first), int(first % 1 * 1e6))
    return {"which": which, "value": value.hex()}


def test_an_alarm_is_armed_until_it_has_rung_and_a_second_more() -> None:
    history = timer_events((100.0, "alarm", {"seconds": 5}))
    assert history.armed_at(105.9) == {7: "alarm(5)"}
    assert history.armed_at(106.0) == {}


def test_an_alarm_of_zero_disarms_it() -> None:
    history = timer_events((100.0, "alarm", {"seconds": 5}), (101.0, "alarm", {"seconds": 0}))
    assert history.armed_at(101.0) == {}


def test_an_interval_timer_is_armed_until_it_has_rung_and_a_second_more() -> None:
    history = timer_events((100.0, "setitimer", interval_timer(2.5)))
    assert history.armed_at(103.4) == {7: "an interval timer (setitimer)"}
    assert history.armed_at(103.5) == {}


def test_an_interval_timer_that_repeats_is_armed_for_ever() -> None:
    history = timer_events((100.0, "setitimer", interval_timer(1, every=1)))
    assert history.armed_at(1e9) == {7: "an interval timer (setitimer)"}


@pytest.mark.parametrize("value", [(0, 0, 0, 1_500_000), (0, -1, 0, 0), (0, 0, -1, 0)])
def test_an_interval_timer_that_the_kernel_refuses_leaves_the_alarm_armed(value: tuple[int, ...]) -> None:
    refused = {"which": 0, "value": struct.pack("=qqqq", *value).hex()}
    history = timer_events((100.0, "alarm", {"seconds": 5}), (101.0, "setitimer", refused))
    assert history.armed_at(105.9) == {7: "alarm(5)"}


def test_an_interval_timer_without_a_first_time_is_disarmed_whatever_its_interval() -> None:
    history = timer_events((100.0, "setitimer", interval_timer(5)), (101.0, "setitimer", interval_timer(0, every=1)))
    assert history.armed_at(101.0) == {}


def test_an_alarm_and_the_real_interval_timer_are_one_timer() -> None:
    history = timer_events((100.0, "setitimer", interval_timer(50)), (101.0, "alarm", {"seconds": 0}))
    assert history.armed_at(101.0) == {}


def test_an_interval_timer_that_could_not_be_looked_at_counts_as_armed_for_ever() -> None:
    history = timer_events((100.0, "setitimer", {"which": 0, "value": UNREADABLE}))
    assert history.armed_at(1e9) == {7: "an interval timer (setitimer)"}


@pytest.mark.parametrize("other", [1, 2])
def test_disarming_the_virtual_or_the_profiling_timer_leaves_the_real_one_armed(other: int) -> None:
    history = timer_events((100.0, "alarm", {"seconds": 50}), (101.0, "setitimer", interval_timer(0, which=other)))
    assert history.armed_at(101.0) == {7: "alarm(50)"}


@pytest.mark.parametrize("other", [1, 2])
def test_a_short_virtual_or_profiling_timer_does_not_hide_a_long_real_one(other: int) -> None:
    history = timer_events((100.0, "alarm", {"seconds": 50}), (101.0, "setitimer", interval_timer(1, which=other)))
    assert 7 in history.armed_at(120.0)


def test_the_alarm_of_a_recorded_run_is_armed() -> None:
    subject = recorded("reads_own_pipe_until_the_alarm")
    assert subject.armed() == {subject.root: "alarm(60)"}


def test_a_disarmed_timer_of_a_recorded_run_is_not() -> None:
    assert recorded("reads_own_pipe_after_disarming_the_timer").armed() == {}


# -- what could not be read -----------------------------------------------------------------------


def test_a_table_at_exec_that_could_not_be_read_is_none() -> None:
    (execution,) = changed(recorded("exits"), "exec", fds=UNREADABLE).root_process.execs
    assert execution.fds is None


def test_a_table_at_exit_that_could_not_be_read_is_none() -> None:
    assert changed(recorded("exits"), "exit", fds=UNREADABLE).root_process.fds_at_exit is None


def test_a_table_at_birth_that_could_not_be_read_is_none() -> None:
    subject = recorded("child_inherits_a_file")
    history = changed(subject, "birth", fds=UNREADABLE)
    assert history.processes[child_of(subject).pid].fds_at_birth is None


def test_an_image_that_could_not_be_read_is_not_taken_for_the_student_s() -> None:
    root = changed(recorded("exits"), "exec", exe=UNREADABLE, cmdline=UNREADABLE).root_process
    assert (root.exe, root.argv, root.is_students) == ("", (), False)
    assert root.command == "subject"


def test_a_process_that_could_not_be_read_at_its_exit_claims_no_zombies() -> None:
    assert changed(recorded("child_ends_right_after_it"), "exit", stat=UNREADABLE).root_process.auto_reap


def test_an_action_for_sigchld_that_could_not_be_read_claims_no_zombies() -> None:
    subject = recorded("wants_no_zombies")
    assert changed(subject, "sigchld", action=UNREADABLE).root_process.auto_reap


def test_an_event_of_no_known_kind_is_an_error() -> None:
    with pytest.raises(ValueError, match="no known kind: 'teleport'"):
        read_history(7, [Event(1, "teleport", 0.0, 7, {})])


@pytest.mark.parametrize("behaviour", ["leaves_a_zombie", "leaks_a_file_into_exec", "leaves_an_orphan_with_a_zombie"])
def test_any_beginning_of_a_run_can_be_read(behaviour: str) -> None:
    """A check may ask while the program still runs."""
    subject = recorded(behaviour)
    for length in range(len(subject.events) + 1):
        history = read_history(subject.root, subject.events[:length])
        assert history.root_process.pid == subject.root
