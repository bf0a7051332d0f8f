"""JUnit XML: valid against Jenkins' schema, well-formed whatever was printed, complete for every reader."""

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st
from results import BROKEN, BUILD_FAILED, EVERY, GRADED, LEAK, PERFECT, REJECTED, check

from grader.reports import junit
from grader.result import Outcome, Result

SCHEMA = xmlschema.XMLSchema(Path(__file__).with_name("junit-10.xsd"))

# XML 1.0, production [2] Char.
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def read(result: Result) -> ElementTree.Element:
    return ElementTree.fromstring(junit.render(result).encode())


def suite(result: Result) -> ElementTree.Element:
    (only,) = read(result)
    return only


def case(result: Result, name: str) -> ElementTree.Element:
    (only,) = (one for one in suite(result).iter("testcase") if one.get("name") == name)
    return only


def properties(result: Result) -> dict[str, str]:
    return {one.attrib["name"]: one.attrib["value"] for one in suite(result).iter("property")}


@pytest.mark.parametrize("result", EVERY)
def test_every_result_is_valid(result: Result) -> None:
    text = junit.render(result)
    SCHEMA.validate(ElementTree.fromstring(text.encode()))
    assert not NOT_XML.search(text)


@settings(deadline=None)  # a loaded machine is no fault of the report
@given(st.text(st.characters()))
def test_any_text_is_valid(text: str) -> None:
    failed = replace(GRADED.checks[1], message=text, transcript=text, hint=text)
    result = replace(GRADED, submission=text, checks=(failed,))
    SCHEMA.validate(ElementTree.fromstring(junit.render(result).encode()))


def test_one_flat_suite_named_after_the_assignment_with_one_case_per_check() -> None:
    root = read(GRADED)
    assert root.tag == "testsuites"
    assert [element.tag for element in root] == ["testsuite"]
    assert suite(GRADED).get("name") == "pipeline"
    cases = suite(GRADED).findall("testcase")
    assert [(one.get("classname"), one.get("name")) for one in cases] == [
        ("pipeline", "two_stages"),
        ("pipeline", "no_fd_leaks"),
        ("pipeline", "exit_status"),
        ("pipeline", "terminates_on_sigterm"),
    ]


def test_counts_and_times() -> None:
    counts = {"tests": "4", "failures": "2", "errors": "0", "time": "1.568"}
    assert read(GRADED).attrib == counts
    assert suite(GRADED).attrib == {"name": "pipeline", "skipped": "1", **counts}
    assert [one.get("time") for one in suite(GRADED).iter("testcase")] == ["0.012", "0.012", "1.250", "0.000"]


def test_points_are_properties_of_the_suite() -> None:
    assert properties(GRADED) == {
        "score": "22.5",
        "max_score": "60",
        "status": "graded",
        "submission": "ada",
        "image": "grader-sandbox:5f2c",
        "points.two_stages": "15/15",
        "points.no_fd_leaks": "0/20",
        "points.exit_status": "7.5/15",
        "points.terminates_on_sigterm": "0/10",
    }


def test_a_failure_has_the_first_findings_kind_and_says_its_message_twice() -> None:
    (failure,) = case(GRADED, "no_fd_leaks").findall("failure")
    assert failure.attrib == {"type": "fd-leak-exec", "message": LEAK.message}
    assert (failure.text or "").splitlines() == [
        LEAK.message,
        "points: 0/20",
        "hint: Which process still holds an end that it does not use?",
    ]


def test_a_failure_without_a_finding_is_an_assertion() -> None:
    (failure,) = case(GRADED, "exit_status").findall("failure")
    assert failure.get("type") == "assertion"


def test_a_failure_without_a_message_is_a_failure_all_the_same() -> None:
    result = replace(GRADED, checks=(check("silent", outcome=Outcome.FAILED),))
    assert len(case(result, "silent").findall("failure")) == 1


def test_a_message_is_one_line_and_the_same_in_the_text() -> None:
    (failure,) = case(BROKEN, "no_fd_leaks").findall("failure")
    assert "\n" not in failure.attrib["message"]
    message = failure.attrib["message"].removesuffix("…")
    assert (failure.text or "").startswith(message)


def test_the_evidence_is_the_cases_output() -> None:
    output = case(GRADED, "no_fd_leaks").findtext("system-out") or ""
    assert "$ ./pipeline fdprobe '|' fdprobe" in output
    assert "fd-leak-exec · cat (pid 9) · fd 4 · pipe:[21809] · pipeline.c:41" in output
    assert "holders:\n  main (pid 7) fd 4, write end\n  cat (pid 9) fd 4, write end" in output
    assert "pipe:[21809]  <--write--  cat (pid 9) fd 4" in output


def test_a_skipped_check_says_why() -> None:
    (skipped,) = case(GRADED, "terminates_on_sigterm").findall("skipped")
    assert skipped.get("message") == "needs no_fd_leaks, which did not pass"


def test_a_check_that_passed_has_nothing_to_say() -> None:
    assert list(case(GRADED, "two_stages")) == []


def test_a_program_that_does_not_compile_skips_all_and_shows_the_compilers_words() -> None:
    assert suite(BUILD_FAILED).get("skipped") == "4"
    assert properties(BUILD_FAILED)["status"] == "build-failed"
    assert "expected ';'" in (suite(BUILD_FAILED).findtext("system-out") or "")


def test_a_rejected_submission_shows_the_reason() -> None:
    assert suite(REJECTED).findtext("system-out") == "pipeline.c is missing"
    assert properties(REJECTED)["image"] == ""


def test_escape_sequences_are_gone_whole() -> None:
    output = case(BROKEN, "no_fd_leaks").findtext("system-out") or ""
    assert "red fake title " in output
    assert "owned" not in output


def test_a_program_cannot_attach_files_of_the_ci_server() -> None:
    assert "[[ATTACHMENT|" not in (case(BROKEN, "no_fd_leaks").findtext("system-out") or "")


def test_long_texts_are_cut_with_a_note() -> None:
    long = replace(GRADED.checks[1], message="m" * 10_000, transcript="t" * 1_000_000)
    text = junit.render(replace(GRADED, checks=(long,)))
    assert len(text) < 50_000
    assert "more characters)" in text


def test_the_same_result_gives_the_same_text() -> None:
    assert junit.render(PERFECT) == junit.render(PERFECT)
