"""From a failed assertion to the sentence a student reads, and what was run as a terminal would show it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.checks.message import EXCERPT_BYTES, explain, readable_assertion, transcript
from grader.checks.run import CheckContext, Findings, Run
from grader.findings import Finding, FindingKind
from grader.observe.signals import WaitStatus
from grader.observe.wait_for import Deadlock
from grader.rules import RunEnd
from sandbox.session import RunRecord
from sandbox.wire import Event


def run_of(command: str = "./p", **changes: Any) -> Run:
    """A run that ended well, with changes."""
    facts: dict[str, Any] = {
        "record": RunRecord(number=1, pid=7),
        "end": RunEnd(reason="exited", time_limit=5, output_limit=100),
        "status": WaitStatus(0, None),
        "stdout": b"",
        "stderr": b"",
        "deadlock": None,
        "hang": (),
        "context": CheckContext(),
    }
    return Run(command=command, **{**facts, **changes})


LEAK = Finding(kind=FindingKind.FD_LEAK_EXEC, message="`cat` was started with fd 4 still open.", fd=4)
ZOMBIE = Finding(kind=FindingKind.ZOMBIE, message="`p` never waited for its child.")
HUNG = run_of(end=RunEnd(reason="timeout", time_limit=5))
TIMEOUT = HUNG.all_findings[0]


def crashed_run() -> Run:
    stat = f"7 (p) S {' '.join(['1'] * 50)}\n"
    exec_facts = {"stat": stat, "cmdline": "./p\0", "exe": "/work/p", "fds": {}}
    record = RunRecord(number=1, pid=7)
    record.take(Event(1, "exec", 0.0, 7, exec_facts))
    record.take(Event(1, "reaped", 1.0, 7, {"wait_status": 11}))
    return run_of(record=record, status=WaitStatus(None, "SIGSEGV"))


# -- the sentence ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "assert 1 == 0\n +  where 1 = ./p false.exit_code",
            "exit_code of ./p false is 1, expected 0",
        ),
        (
            "assert b'a\\n' == b'b\\n'\n  \n  At index 0 diff: b'a' != b'b'\n +  where b'a\\n' = ./p.stdout",
            "stdout of ./p is b'a\\n', expected b'b\\n'",
        ),
        ("assert None is 0\n +  where None = ./p.exit_code", "exit_code of ./p is None, expected 0"),
        ("assert 3 <= 2\n +  where 3 = ./p.threads", "threads of ./p is 3, expected <= 2"),
        ("assert b'x' != b''\n +  where b'x' = ./p.stderr", "stderr of ./p is b'x', expected != b''"),
        ("assert 2 == 3\n +  where 2 = len([1, 2])", "got 2, expected 3"),
        ("assert 'SIGTERM' in frozenset()", "got 'SIGTERM', expected in frozenset()"),
        ("assert 'SIGINT' not in {'SIGINT'}", "got 'SIGINT', expected not in {'SIGINT'}"),
        ("assert False", "assert False"),
        ("the last stage should end with 3", "the last stage should end with 3"),
        ("two words\n  in two lines", "two words in two lines"),
        ("its status should be 3, not 1\nassert 1 == 3\n +  where 1 = ./p.exit_code", "its status should be 3, not 1"),
        ("", "the check failed"),
    ],
)
def test_an_assertion_reads_as_one_line(text: str, sentence: str) -> None:
    assert readable_assertion(text) == sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("assert b'put it in there' == b'x'", "got b'put it in there', expected b'x'"),
        ("assert b'a == b' == b'x'", "got b'a == b', expected b'x'"),
        ("assert b'what is it' == b'x'", "got b'what is it', expected b'x'"),
        ("assert b'1 < 2' == b'1 > 2'", "got b'1 < 2', expected b'1 > 2'"),
    ],
)
def test_what_a_program_printed_is_not_taken_for_an_operator(text: str, sentence: str) -> None:
    assert readable_assertion(text) == sentence


@given(st.text())
def test_any_text_gives_one_line(text: str) -> None:
    assert "\n" not in readable_assertion(text)


# -- which of them speaks -------------------------------------------------------------------------


def test_an_assertion_about_findings_is_told_in_their_words() -> None:
    found = Findings([LEAK])
    assert explain(f"assert not {found!r}\n +  where ...", [run_of()], [LEAK]) == (LEAK.message, (LEAK,))


def test_several_findings_come_all_and_the_first_one_speaks() -> None:
    found = Findings([LEAK, ZOMBIE])
    assert explain(f"assert not {found!r}", [run_of()], [LEAK, ZOMBIE]) == (LEAK.message, (LEAK, ZOMBIE))


def test_a_finding_that_was_asked_for_twice_is_told_once() -> None:
    assert explain(f"assert not {Findings([LEAK])!r}", [run_of()], [LEAK, LEAK]) == (LEAK.message, (LEAK,))


def test_findings_that_an_assertion_did_not_print_are_left_out() -> None:
    assert explain("assert 1 == 0", [run_of()], [LEAK]) == ("got 1, expected 0", ())


def test_what_ended_a_run_comes_before_what_the_assertion_says() -> None:
    text = "assert None == 0\n +  where None = ./p.exit_code"
    assert explain(text, [HUNG], []) == (TIMEOUT.message, (TIMEOUT,))


def test_what_ended_a_run_comes_before_the_author_s_words_too() -> None:
    assert explain("it should print 3 lines", [HUNG], []) == (TIMEOUT.message, (TIMEOUT,))


def test_what_ended_a_run_comes_before_the_findings_that_were_asked_for() -> None:
    message, findings = explain(f"assert not {Findings([LEAK])!r}", [HUNG], [LEAK])
    assert (message, findings) == (TIMEOUT.message, (TIMEOUT, LEAK))


def test_a_crash_speaks_instead_of_a_bare_comparison() -> None:
    run = crashed_run()
    (crash,) = run.all_findings
    assert explain("assert None == 0", [run], []) == (crash.message, (crash,))


def test_a_crash_leaves_the_author_s_words_their_place() -> None:
    run = crashed_run()
    assert explain("a failed exec should end with 127", [run], []) == (
        "a failed exec should end with 127",
        run.all_findings,
    )


def test_an_earlier_run_that_went_well_says_nothing() -> None:
    assert explain("assert 1 == 0", [run_of(), run_of()], []) == ("got 1, expected 0", ())


# -- findings as values ---------------------------------------------------------------------------


def test_findings_print_as_their_explanation() -> None:
    assert repr(Findings([LEAK, ZOMBIE])) == f"<fd-leak-exec: {LEAK.message}>; <zombie: {ZOMBIE.message}>"
    assert repr(Findings()) == "no findings"


def test_asking_for_findings_is_remembered_and_filters_by_kind() -> None:
    context = CheckContext()
    run = run_of(end=RunEnd(reason="timeout", oom_kills=1), context=context)
    found = run.findings("timeout")
    assert [str(finding.kind) for finding in found] == ["timeout"]
    assert context.asked == list(found)


def test_without_a_kind_all_findings_are_asked_for() -> None:
    run = run_of(end=RunEnd(reason="timeout", oom_kills=1))
    assert [str(finding.kind) for finding in run.findings()] == ["memory-limit", "timeout"]


def test_a_kind_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"no such kind of finding: 'zombies'; there are fd-leak-exit, .*, zombie, "):
        run_of().findings("zombies")


# -- the transcript -------------------------------------------------------------------------------


def test_a_run_is_shown_as_a_terminal_would() -> None:
    run = run_of("./p 'a b'", stdout=b"1\n2\n", stderr=b"oops\n", status=WaitStatus(3, None))
    assert transcript([run]) == "$ ./p 'a b'\n1\n2\nstderr: oops\n[exited with 3]"


def test_several_runs_are_shown_one_after_another() -> None:
    assert transcript([run_of("./p 1"), run_of("./p 2")]) == "$ ./p 1\n[exited with 0]\n$ ./p 2\n[exited with 0]"


def test_no_run_is_no_text() -> None:
    assert transcript([]) == ""


@pytest.mark.parametrize(
    ("changes", "ending"),
    [
        ({"status": WaitStatus(None, "SIGSEGV")}, "[ended by SIGSEGV]"),
        ({"end": RunEnd(reason="timeout")}, "[stopped at the time limit]"),
        ({"end": RunEnd(reason="output-limit")}, "[stopped at the output limit]"),
        ({"end": RunEnd(reason="stopped")}, "[stopped by the check]"),
        ({"end": RunEnd(reason="stopped"), "deadlock": Deadlock(waits=(), cycle=())}, "[deadlocked]"),
    ],
)
def test_the_end_of_a_run_is_told_in_brackets(changes: dict[str, Any], ending: str) -> None:
    assert transcript([run_of(**changes)]).splitlines()[-1] == ending


def test_long_output_shows_its_beginning_and_its_end() -> None:
    shown = transcript([run_of(stdout=b"a" * EXCERPT_BYTES + b"z" * EXCERPT_BYTES)])
    half = EXCERPT_BYTES // 2
    assert shown.splitlines()[1:4] == ["a" * half, f"… {EXCERPT_BYTES} characters left out …", "z" * half]


def test_bytes_that_are_no_text_are_shown_as_such() -> None:
    assert transcript([run_of(stdout=b"\xff\n")]).splitlines()[1] == "\ufffd"
