"""Each rule on a real run that breaks it, and on its clean twin that does almost the same."""

from dataclasses import replace
from typing import Any

import pytest
from recordings import Recording, recorded

from grader.findings import Finding, FindingKind
from grader.observe.history import read_history
from grader.observe.procfs import FileDescriptor
from grader.observe.wait_for import Deadlock, prove_deadlock
from grader.rules import RunEnd, growth_finding, judge
from sandbox.wire import Event

UNREADABLE = {"error": "EACCES"}


def findings_of(behaviour: str, **end: Any) -> tuple[Finding, ...]:
    subject = recorded(behaviour)
    return judge(subject.history(), subject.end(**end), None)


def kinds(findings: tuple[Finding, ...]) -> list[str]:
    return [str(finding.kind) for finding in findings]


def claims(findings: tuple[Finding, ...]) -> list[tuple[str, str | None, int | None, int | None]]:
    """Without words: kind, process, pid, descriptor."""
    return [(str(finding.kind), finding.process, finding.pid, finding.fd) for finding in findings]


def child_of(subject: Recording) -> int:
    history = subject.history()
    (child,) = (pid for pid, process in history.processes.items() if process.ppid == subject.root)
    return child


def with_facts(subject: Recording, kind: str, pid: int | None = None, **facts: object) -> Recording:
    """A recording whose events of that kind tell something else."""
    events = [
        event._replace(facts={**event.facts, **facts}) if event.kind == kind and pid in (None, event.pid) else event
        for event in subject.events
    ]
    return replace(subject, events=tuple(events))


def judged(subject: Recording, **end: Any) -> tuple[Finding, ...]:
    return judge(read_history(subject.root, subject.events), subject.end(**end), None)


# -- a program that does nothing wrong ------------------------------------------------------------


@pytest.mark.parametrize("behaviour", ["exits", "waits_for_its_child", "forks_once"])
def test_a_correct_program_has_no_findings(behaviour: str) -> None:
    assert findings_of(behaviour) == ()


# -- fd-leak-exec ---------------------------------------------------------------------------------


def test_a_file_that_is_open_when_a_child_executes_is_a_leak() -> None:
    subject = recorded("leaks_a_file_into_exec")
    (finding,) = judged(subject)
    assert claims((finding,)) == [("fd-leak-exec", "true", child_of(subject), 3)]
    assert (finding.resource, finding.evidence["command"]) == ("/work/log", "true")
    assert "3 w /work/log" in finding.evidence["descriptors_at_exec"]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [
        ("closes_the_file_on_exec", "it has O_CLOEXEC"),
        ("leaks_a_file_into_a_failed_exec", "the exec failed"),
        ("runs_a_shell_that_leaks", "the shell opened it"),
        ("sigpipe_ends_yes", "0, 1 and 2 are for the program that is executed"),
    ],
)
def test_nothing_leaks_into_an_exec(behaviour: str, why: str) -> None:
    assert "fd-leak-exec" not in kinds(findings_of(behaviour)), why


def test_the_descriptors_of_one_object_are_one_leak() -> None:
    subject = recorded("leaks_a_pipe_into_exec")
    (finding,) = judged(subject)
    assert claims((finding,)) == [("fd-leak-exec", "true", child_of(subject), 3)]
    for number in (3, 4, 5):
        assert f"fd {number}" in finding.message


def test_a_leak_into_posix_spawn_is_found() -> None:
    subject = recorded("leaks_a_file_into_posix_spawn")
    assert claims(judged(subject)) == [("fd-leak-exec", "true", child_of(subject), 3)]


def test_a_program_that_executes_itself_anew_leaks_into_itself() -> None:
    subject = recorded("leaks_a_file_into_itself")
    assert claims(judged(subject)) == [("fd-leak-exec", "subject", subject.root, 3)]


def test_what_the_check_hands_to_the_first_process_is_no_leak() -> None:
    subject = recorded("leaks_a_file_into_exec")
    (handed_in,) = (event for event in subject.events_of("exec") if event.pid != subject.root)
    assert judged(with_facts(recorded("exits"), "exec", fds=handed_in.facts["fds"])) == ()


def test_a_table_at_exec_that_could_not_be_read_proves_no_leak() -> None:
    assert judged(with_facts(recorded("leaks_a_file_into_exec"), "exec", fds=UNREADABLE)) == ()


# -- fd-leak-exit ---------------------------------------------------------------------------------


def test_a_file_that_is_open_at_exit_is_a_leak() -> None:
    subject = recorded("leaks_a_file_at_exit")
    (finding,) = judged(subject)
    assert claims((finding,)) == [("fd-leak-exit", "subject", subject.root, 3)]
    assert finding.resource == "/work/log"
    assert "3 rw /work/log" in finding.evidence["descriptors_at_exit"]  # type: ignore[operator]


def test_a_file_that_a_child_opened_is_the_child_s_leak() -> None:
    subject = recorded("child_leaks_a_file_at_exit")
    assert claims(judged(subject)) == [("fd-leak-exit", "subject", child_of(subject), 3)]


@pytest.mark.parametrize(
    "behaviour",
    [
        "closes_the_file_before_exit",
        "child_inherits_a_file",
        pytest.param(
            "child_inherits_an_eventfd",
        ),
    ],
)
def test_a_program_that_closes_what_it_opened_leaks_nothing(behaviour: str) -> None:
    assert findings_of(behaviour) == ()


def test_of_two_eventfds_the_inherited_one_is_no_leak() -> None:
    subject = recorded("leaks_an_eventfd_beside_an_inherited_one")
    assert claims(judged(subject)) == [("fd-leak-exit", "subject", child_of(subject), 4)]


def test_what_came_over_an_exec_was_not_opened_by_the_new_image() -> None:
    subject = recorded("image_inherits_an_eventfd")
    assert claims(judged(subject)) == [("fd-leak-exec", "subject", child_of(subject), 3)]


def test_a_process_that_was_killed_did_not_leak() -> None:
    assert "fd-leak-exit" not in kinds(findings_of("writes_to_a_closed_pipe"))


@pytest.mark.parametrize("kind", ["exec", "exit"])
def test_a_table_that_could_not_be_read_proves_no_leak_at_exit(kind: str) -> None:
    assert judged(with_facts(recorded("leaks_a_file_at_exit"), kind, fds=UNREADABLE)) == ()


def test_what_a_program_without_a_c_library_leaves_open_is_its_own() -> None:
    """It makes none of the calls by which an image is seen being loaded."""
    subject = recorded("leaks_a_file_at_exit")
    unseen = replace(subject, events=tuple(event for event in subject.events if event.kind != "exec"))
    assert [claim[0] for claim in claims(judged(unseen))] == ["fd-leak-exit"]


# -- fd-leak-growth -------------------------------------------------------------------------------


def table(*numbers: int) -> tuple[FileDescriptor, ...]:
    return tuple(
        FileDescriptor(number=n, target=f"/work/{n}", identity=str(n), readable=True, writable=False, is_fifo=False)
        for n in numbers
    )


def test_a_table_that_is_larger_after_each_round_grows() -> None:
    finding = growth_finding(7, "server", [table(0, 1, 2), table(0, 1, 2, 4), table(0, 1, 2, 4, 5)])
    assert finding is not None
    assert claims((finding,)) == [("fd-leak-growth", "server", 7, 4)]
    assert finding.evidence == {"left_open": ["4 r /work/4", "5 r /work/5"]}


@pytest.mark.parametrize(
    "tables",
    [
        pytest.param([table(0), table(0, 1), table(0, 1)], id="it settles"),
        pytest.param([table(0), table(0, 1, 2), table(0, 1)], id="it shrinks again"),
        pytest.param([table(0), table(0, 1)], id="two rounds are too few"),
        pytest.param([], id="none was looked at"),
    ],
)
def test_a_table_that_does_not_grow_every_time_is_no_leak(tables: list[tuple[FileDescriptor, ...]]) -> None:
    assert growth_finding(7, "server", tables) is None


# -- zombie ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("behaviour", ["leaves_a_zombie", "child_ends_right_after_it"])
def test_a_child_that_was_never_waited_for_is_a_zombie(behaviour: str) -> None:
    subject = recorded(behaviour)
    child = child_of(subject)
    (finding,) = judged(subject)
    assert claims((finding,)) == [("zombie", "subject", child, None)]
    assert finding.resource == f"child {child}"
    assert finding.evidence["parent"] == f"`subject` (pid {subject.root})"


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [
        ("waits_for_its_child", "it waited"),
        ("ignores_sigchld", "the kernel reaps"),
        ("wants_no_zombies", "the kernel reaps"),
        ("subreaper_reaps_its_grandchild", "another process of the program reaped"),
        ("killed_before_it_can_wait", "who is killed cannot wait"),
        ("runs_a_shell_that_leaks", "the shell's children are not the student's"),
    ],
)
def test_no_zombie_is_left(behaviour: str, why: str) -> None:
    assert "zombie" not in kinds(findings_of(behaviour)), why


def test_a_child_that_ends_long_after_its_parent_was_no_zombie() -> None:
    subject = recorded("child_ends_right_after_it")
    late = [
        event._replace(time=event.time + 5)
        if event.pid == child_of(subject) and event.kind in ("end", "reaped")
        else event
        for event in subject.events
    ]
    assert judged(replace(subject, events=tuple(late))) == ()


@pytest.mark.parametrize("reason", ["timeout", "stopped", "output-limit"])
def test_a_child_that_the_grader_killed_is_no_zombie(reason: str) -> None:
    subject = recorded("leaves_a_zombie")
    killed = with_facts(with_facts(subject, "reaped", child_of(subject), wait_status=9), "end", child_of(subject))
    assert "zombie" not in kinds(judged(killed, reason=reason))


# -- orphan ---------------------------------------------------------------------------------------


def test_a_child_that_outlives_the_first_process_is_an_orphan() -> None:
    subject = recorded("leaves_an_orphan")
    child = child_of(subject)
    (finding,) = judged(subject)
    assert claims((finding,)) == [("orphan", "subject", child, None)]
    assert finding.resource == f"process {child}"


@pytest.mark.parametrize("behaviour", ["waits_for_its_child", "child_ends_right_after_it", "ignores_sigchld"])
def test_a_child_that_ends_within_the_grace_is_none(behaviour: str) -> None:
    assert "orphan" not in kinds(findings_of(behaviour))


def test_a_zombie_that_an_orphan_keeps_does_not_run_any_more() -> None:
    subject = recorded("leaves_an_orphan_with_a_zombie")
    assert claims(judged(subject)) == [("orphan", "subject", child_of(subject), None)]


# -- crash ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("behaviour", "signal"),
    [
        ("dereferences_null", "SIGSEGV"),
        ("aborts", "SIGABRT"),
        ("writes_to_a_closed_pipe", "SIGPIPE"),
        ("is_ended_by_its_alarm", "SIGALRM"),
        ("kills_itself", "SIGTERM"),
    ],
)
def test_a_program_that_a_signal_of_its_own_doing_ended_has_crashed(behaviour: str, signal: str) -> None:
    subject = recorded(behaviour)
    (finding,) = judged(subject)
    assert claims((finding,)) == [("crash", "subject", subject.root, None)]
    assert finding.evidence == {"signal": signal}


def test_a_child_that_dereferences_null_has_crashed() -> None:
    subject = recorded("child_dereferences_null")
    assert claims(judged(subject)) == [("crash", "subject", child_of(subject), None)]


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [
        ("sigpipe_ends_yes", "`yes` is no program of the student's"),
        ("kills_its_child_with_sigkill", "its parent killed it"),
        ("kills_its_child_with_sigsegv", "its parent killed it"),
        ("killed_before_it_can_wait", "who sent it is not known for sure"),
        ("leaves_an_orphan", "the grader killed it"),
        pytest.param(
            "kills_its_child_with_sigxcpu",
            "its parent killed it",
        ),
    ],
)
def test_a_process_that_somebody_else_ended_has_not_crashed(behaviour: str, why: str) -> None:
    assert not {"crash", "timeout"} & set(kinds(findings_of(behaviour))), why


def test_a_signal_that_the_check_sent_is_no_crash() -> None:
    assert findings_of("waits_for_a_signal", sent=frozenset({"SIGTERM"})) == ()


def test_a_signal_that_the_check_did_not_send_is_one() -> None:
    assert kinds(findings_of("waits_for_a_signal", sent=frozenset({"SIGUSR1"}))) == ["crash"]


@pytest.mark.parametrize("target", ["its pid", "its group", "everybody", "some thread"])
def test_a_signal_that_may_have_reached_a_process_counts_as_sent(target: str) -> None:
    subject = recorded("kills_its_child_with_sigsegv")
    child = child_of(subject)
    register = {
        "its pid": child,
        "its group": 2**32 - subject.root,
        "everybody": 2**32 - 1,
        "some thread": child + 1,
    }[target]
    assert judged(with_facts(subject, "kill", target=register)) == ()


def test_a_signal_to_another_process_does_not_count_as_sent() -> None:
    subject = recorded("kills_its_child_with_sigsegv")
    assert kinds(judged(with_facts(subject, "kill", target=subject.root))) == ["crash"]


def test_sigabrt_is_no_crash_unless_the_process_is_seen_to_send_it() -> None:
    subject = recorded("aborts")
    assert kinds(judged(subject)) == ["crash"]
    unseen = replace(subject, events=tuple(event for event in subject.events if event.kind != "kill"))
    assert judged(unseen) == ()


def test_a_program_that_ignores_its_cpu_limit_has_not_killed_itself() -> None:
    assert "crash" not in kinds(findings_of("computes_in_six_threads_and_ignores_sigxcpu"))


# -- limits ---------------------------------------------------------------------------------------


def test_a_program_that_did_not_end_in_time_is_told_what_it_was_doing() -> None:
    subject = recorded("computes_for_ever")
    (finding,) = judge(subject.history(), subject.end(), None, ["`subject` is running."])
    assert claims((finding,)) == [("timeout", "subject", subject.root, None)]
    assert "0.3 seconds" in finding.message
    assert finding.evidence == {"at_the_time_limit": ["`subject` is running."]}


def test_too_much_output_is_found_and_says_how_much_it_may_be() -> None:
    subject = recorded("writes_for_ever")
    (finding,) = judged(subject)
    assert claims((finding,)) == [("output-limit", "subject", subject.root, None)]
    assert "65536 bytes" in finding.message


def test_too_much_memory_is_found_and_the_kill_is_no_crash() -> None:
    subject = recorded("allocates_for_ever")
    (finding,) = judged(subject)
    assert claims((finding,)) == [("memory-limit", "subject", subject.root, None)]
    assert finding.evidence == {"processes_killed": 1}


def test_as_many_processes_as_there_may_be_are_found() -> None:
    assert kinds(findings_of("exits", peak_tasks=32)) == ["process-limit"]
    assert kinds(findings_of("exits", peak_tasks=31)) == []


def test_what_the_check_stopped_is_no_fault() -> None:
    assert findings_of("exits", reason="stopped") == ()


# -- deadlock -------------------------------------------------------------------------------------


def proof_of(behaviour: str) -> tuple[Recording, Deadlock]:
    subject = recorded(behaviour)
    proof = prove_deadlock(subject.snapshot(0), subject.snapshot(1), subject.armed())
    assert isinstance(proof, Deadlock)
    return subject, proof


def test_a_proven_deadlock_is_told_with_its_cycle_first() -> None:
    subject, proof = proof_of("waits_for_child_that_reads_from_it")
    (finding,) = judge(subject.history(), subject.end(reason="stopped"), proof)
    cycle = [wait.sentence for wait in proof.cycle]
    assert claims((finding,)) == [("deadlock", "subject", subject.root, None)]
    assert finding.resource == proof.cycle[0].resource
    assert finding.evidence == {"cycle": cycle, "others_waiting": []}
    assert finding.message.startswith(f"Deadlock: {cycle[0]} {cycle[1]}")


def test_who_only_waits_for_the_deadlocked_is_told_beside_the_cycle() -> None:
    subject, proof = proof_of("child_reads_its_own_write_end")
    (finding,) = judge(subject.history(), subject.end(reason="stopped"), proof)
    waiting = [wait.sentence for wait in proof.waits if wait.process.pid == subject.root]
    assert finding.evidence["others_waiting"] == waiting


def test_a_proven_deadlock_is_no_timeout_as_well() -> None:
    subject, proof = proof_of("reads_own_pipe")
    assert kinds(judge(subject.history(), subject.end(reason="timeout"), proof)) == ["deadlock"]


# -- all of them ----------------------------------------------------------------------------------


def test_what_ended_the_run_comes_first() -> None:
    subject = recorded("leaves_a_zombie")
    assert kinds(judged(subject, reason="timeout", oom_kills=1)) == ["memory-limit", "timeout", "zombie"]


def test_every_kind_that_the_rules_know_has_a_name_of_the_contract() -> None:
    assert {str(kind) for kind in FindingKind} == {
        *("fd-leak-exit", "fd-leak-exec", "fd-leak-growth", "zombie", "orphan", "deadlock", "timeout", "crash"),
        *("signal", "output-limit", "memory-limit", "process-limit", "memory-error", "race"),
    }


def test_a_run_of_which_nothing_was_seen_has_no_findings() -> None:
    assert judge(read_history(7, list[Event]()), RunEnd(reason="exited"), None) == ()
