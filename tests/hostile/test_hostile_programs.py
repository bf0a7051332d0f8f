"""Programs that attack the verdict, the detectors and the machine: each gets what it deserves and harms nobody else.

Each file in `programs` is one submission that makes all its attacks, one after the other, in one sandbox.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

import docker
import pytest
from hostile_course import PROGRAMS, Course, by_id, verdict

from grader.result import CheckResult, Result, Status

NO_WORK = "assertion"
"""It did not do what is asked for, and no limit had to end it."""

FORGERY = {
    "exits_at_once": NO_WORK,
    "exits_before_main": NO_WORK,
    "has_an_exit_handler": NO_WORK,
    "exits_after_main": NO_WORK,
    "prints_a_report": NO_WORK,
    "forges_frames_on_its_outputs": NO_WORK,
    "forges_frames_everywhere": NO_WORK,
    "steals_the_agents_descriptors": NO_WORK,
    "signals_everything": NO_WORK,
    "stops_everything": NO_WORK,
    "traces_the_agent": NO_WORK,
    "reads_and_writes_the_agents_memory": NO_WORK,
    "changes_the_agents_limits": NO_WORK,
    "searches_for_the_checks": NO_WORK,
    "replaces_its_program": NO_WORK,
    "leaves_files_for_later": NO_WORK,
    "leaves_a_daemon": NO_WORK,
    "leaves_ipc_objects": NO_WORK,
    "locks_the_agent_out": "timeout",
    "hides_its_name": NO_WORK,
    "gives_itself_other_statuses": NO_WORK,
    "cannot_be_traced_and_behaves": NO_WORK,
    "lets_the_agent_trace_it": "timeout",
    "races_with_the_sweep": NO_WORK,
}

EVASION = {
    "leaks_plainly": "fd-leak-exit",
    "moves_the_descriptor": "fd-leak-exit",
    "moves_the_descriptor_below_a_limit": "fd-leak-exit",
    "replaces_a_standard_descriptor": "fd-leak-exit",
    "exits_by_the_bare_call": "fd-leak-exit",
    "exits_the_group_by_the_bare_call": "fd-leak-exit",
    "lets_a_thread_hold_it": "fd-leak-exit",
    "shares_its_table_with_a_child": "fd-leak-exit",
    "exits_from_a_thread_with_a_table_of_its_own": "fd-leak-exit",
    "leaves_it_in_the_table_of_a_thread": "fd-leak-exit",
    "says_that_it_is_born_again": "fd-leak-exit",
    "says_that_it_is_loaded_again": "fd-leak-exit",
    "leaks_into_a_harmless_program": "fd-leak-exec",
    "leaks_into_a_child_s_program": "fd-leak-exec",
    "executes_by_descriptor": "fd-leak-exec",
    "executes_from_a_thread": "fd-leak-exec",
    "is_undumpable": "fd-leak-exit",
    "is_traced_by_its_own_child": "fd-leak-exit",
    "never_waits": "zombie",
    "never_waits_for_what_it_cloned": "zombie",
    "forks_at_the_last_moment": "orphan",
    "leaves_a_grandchild_in_its_own_session": "orphan",
    "lets_a_child_appear_after_the_leader_is_gone": "orphan",
    "renews_its_orphan_again_and_again": "zombie or orphan or process-limit",  # on a busy machine exits take their time
    "legitimate_ignores_sigchld": "passed",
    "legitimate_closes_a_range": "passed",
    "legitimate_marks_its_descriptors": "passed",
    "legitimate_marks_a_range_in_the_child": "passed",
    "legitimate_is_a_subreaper": "passed",
    "legitimate_looks_for_a_tracer": "passed",
    "legitimate_reads_its_own_tables": "passed",
}

UNSEEN = {
    "exits_from_within_the_c_library": "passed or fd-leak-exit",
    "exits_in_a_foreign_page": "passed or fd-leak-exit",
    "forks_by_the_bare_call_and_leaks_there": "passed or fd-leak-exit",
}
"""What is known to hide a leaked descriptor, see docs/threat-model.md. It costs nobody else anything."""

RESOURCES = {
    "forks": "process-limit",
    "forks_and_leaves_the_session": "process-limit",
    "forks_by_vfork": "process-limit or memory-limit",
    "starts_threads": "process-limit",
    "forks_and_ends_again_and_again": "timeout",
    "executes_itself_again_and_again": "timeout",
    "executes_itself_with_long_names": "timeout",
    "sets_alarms": "timeout",
    "signals_itself": "timeout",
    "takes_memory": "memory-limit",
    "takes_memory_in_children": "memory-limit",
    "takes_memory_out_of_turn": "memory-limit",
    "takes_shared_memory": "memory-limit",
    "leaves_no_memory_to_the_agent": "memory-limit",
    "takes_anonymous_files": "memory-limit",
    "fills_pipes": "assertion or memory-limit",
    "fills_sockets": "assertion or memory-limit",
    "fills_message_queues": "assertion or memory-limit",
    "fills_folders": "memory-limit",
    "makes_100000_files": NO_WORK,
    "makes_a_sparse_file": "crash",
    "makes_deep_folders": NO_WORK,
    "opens_everything": NO_WORK,
    "prints_without_end": "output-limit",
    "prints_errors_without_end": "output-limit",
    "prints_without_end_from_children": "output-limit",
    "computes": "timeout",
    "computes_in_many_processes": "timeout",
    "computes_where_it_denies_itself_processors": "timeout",
    "computes_deaf_to_signals": "timeout",
    "sleeps": "timeout",
    "stops_itself": "timeout",
    "stops_itself_in_children": "deadlock",
    "yields": "timeout",
    "starts_timers": "timeout",
    "maps_without_end": "timeout or memory-limit",
    "recurses": "crash",
}

# Each takes about as long as it may, and on a slow machine longer.
AGENT = {
    "sleeps_with_epolls": "timeout",
    "ends_with_epolls": f"{NO_WORK} or timeout",
    "sleeps_with_bad_names": "timeout",
    "ends_with_bad_names": f"{NO_WORK} or timeout",
    "executes_with_bad_names": "timeout",
    "grows_its_program_and_hangs": "timeout",
    "grows_its_program_and_is_deadlocked": "deadlock",
    "grows_its_program_and_leaks": "fd-leak-exit",
    "is_in_the_way_of_the_sweep": f"{NO_WORK} or timeout",
    "makes_more_files_than_can_be_listed": "memory-limit or timeout",
    "makes_more_folders_than_can_be_listed": "memory-limit or timeout",
    "gives_a_file_attributes_without_end": "memory-limit or timeout",
    "gives_its_folder_attributes_instead_of_files": "timeout",
    "looks_for_what_is_not_there": "timeout",
    "maps_without_end_in_children": "timeout or memory-limit",
    "has_arguments_without_end": "timeout",
    "locks_a_file_in_very_many_places": "timeout",
    "keeps_a_dying_child_stopped": "timeout",
    "has_a_chain_of_borrowed_memory": "timeout",
    "sends_descriptors_into_each_other": "timeout",
    "is_signalled_by_two_thousand_timers": "timeout",
    "gives_its_children_to_the_agent": "assertion or process-limit",
    "takes_all_terminals": "timeout",
    "writes_everything_to_the_disk_again_and_again": "timeout",
}

TRICKS = {
    "refuses_its_programs_their_first_call": "fd-leak-exec or fd-leak-exit",
    "wants_to_be_told_of_calls_instead_of_the_grader": "fd-leak-exit",
    "is_trapped_by_its_own_filter": "fd-leak-exit",
    "kills_itself_by_a_filter": "crash",
    "legitimate_allows_itself_only_what_it_needs": "passed",
    "is_called_like_a_line_of_the_kernel": "fd-leak-exit",
    "legitimate_has_another_personality": "passed",
    "forbids_itself_descriptors": "fd-leak-exit",
    "forbids_itself_memory": "fd-leak-exit",
    "legitimate_gives_way_to_everybody": "passed",
    "legitimate_locks_its_memory": "passed",
    "executes_from_memory": "fd-leak-exec",
    "legitimate_executes_from_memory": "passed",
    "executes_without_any_argument": "fd-leak-exec",
    "executes_in_all_threads_at_once": "fd-leak-exec",
    "gives_a_child_to_the_agent": "orphan",
    "has_a_thread_that_is_a_process": "fd-leak-exit",
    "ends_from_a_thread_unknown_to_the_library": "fd-leak-exit",
    "writes_its_own_code": "fd-leak-exit",
    "stops_its_own_group": "timeout",
    "types_on_a_terminal_of_its_own": NO_WORK,
    "waits_at_a_name_that_is_no_file": "orphan or deadlock",
    "legitimate_takes_its_child_with_it": "passed",
    "is_a_subreaper_that_never_waits": "zombie",
    "ignores_its_children_too_late": "zombie",
    "leaks_what_is_only_a_place": "fd-leak-exit",
    "leaks_what_has_no_name": "fd-leak-exit",
    "legitimate_prints_through_another_door": "passed",
    "is_linked_by_its_own_resolver": "fd-leak-exit",
}

UNSEEN_TRICKS = {
    "refuses_itself_the_exit": "passed or fd-leak-exit",
    "has_calls_held_that_nobody_answers": "passed or fd-leak-exit",
    "works_in_borrowed_memory": "passed or fd-leak-exit",
}

SUBMISSIONS = {
    "forgery": FORGERY,
    "evasion": EVASION | UNSEEN,
    "resources": RESOURCES,
    "agent": AGENT,
    "tricks": TRICKS | UNSEEN_TRICKS,
}
SECONDS = {"forgery": 0.5, "evasion": 2.0, "resources": 0.5, "agent": 0.5, "tricks": 0.5}
ATTACKS = [(program, attack) for program, attacks in SUBMISSIONS.items() for attack in attacks]


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    """One hostile submission, and how many of this process's sandboxes were there afterwards."""

    result: Result
    checks: dict[str, CheckResult]
    left: list[str]


@pytest.fixture(scope="module")
def graded(
    own_containers: Callable[[], list[str]], engine: docker.APIClient, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Graded]:
    """What came of a submission; it is graded once."""
    done: dict[str, Graded | None] = {}

    def grade(program: str) -> Graded:
        if program not in done:
            done[program] = None  # what has no verdict is not tried again for every attack
            course = Course(tmp_path_factory.mktemp(program), list(SUBMISSIONS[program]), seconds=SECONDS[program])
            result = course.grade(course.hand_in((PROGRAMS / f"{program}.c").read_bytes()))
            deadline = time.monotonic() + 60
            while (left := own_containers()) and time.monotonic() < deadline:  # Docker removes it by itself
                pass
            done[program] = Graded(result=result, checks=by_id(result), left=left)
        graded = done[program]
        assert graded is not None, "there is no verdict"
        return graded

    return grade


@pytest.mark.parametrize("program", SUBMISSIONS)
def test_every_attack_is_made(program: str, graded: Callable[[str], Graded]) -> None:
    source = (PROGRAMS / f"{program}.c").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^ATTACK\((\w+)\)", source, re.MULTILINE)) == sorted(SUBMISSIONS[program])
    assert graded(program).result.status is Status.GRADED


@pytest.mark.parametrize(("program", "attack"), ATTACKS)
def test_an_attack_gets_what_it_deserves_and_the_next_check_is_unaffected(
    program: str, attack: str, graded: Callable[[str], Graded]
) -> None:
    checks = graded(program).checks
    assert verdict(checks[attack]) in SUBMISSIONS[program][attack].split(" or "), checks[attack].message
    assert verdict(checks[f"after_{attack}"]) == "passed", checks[f"after_{attack}"].message


@pytest.mark.parametrize("program", SUBMISSIONS)
def test_the_next_submission_is_unaffected_and_nothing_is_left(
    program: str, graded: Callable[[str], Graded], next_submission_passes: Callable[[object], bool]
) -> None:
    assert graded(program).left == []
    assert next_submission_passes(program)
