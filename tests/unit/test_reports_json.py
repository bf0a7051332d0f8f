"""The JSON result is a contract: these keys, these values."""

import json
from dataclasses import replace
from fractions import Fraction

import pytest
from results import BROKEN, BUILD_FAILED, EVERY, GRADED, LEAK, PERFECT, REJECTED

from grader.findings import Finding, FindingKind
from grader.reports import json_report
from grader.reports.json_report import finding_object
from grader.result import Result


def read(result: Result) -> dict[str, object]:
    return json.loads(json_report.render(result))


def test_a_graded_submission() -> None:
    report = read(GRADED)
    assert {key: report[key] for key in report if key not in ("checks", "build")} == {
        "schema": "grader.result/1",
        "assignment": "pipeline",
        "submission": {"name": "ada", "digest": "sha256:0123"},
        "status": "graded",
        "reason": None,
        "score": 22.5,
        "max_score": 60,
        "environment": {"grader": "0.1.0", "image": "grader-sandbox:5f2c", "kernel": "6.1.0-18-amd64"},
    }
    assert report["checks"][0] == {
        "id": "two_stages",
        "title": "Two stages",
        "points": 15,
        "max_points": 15,
        "outcome": "passed",
        "message": "",
        "findings": [],
        "duration_s": 0.012,
        "visible": True,
    }
    assert report["build"]["ok"] is True
    assert report["build"]["diagnostics"] == [
        {
            "file": "pipeline.c",
            "line": 12,
            "column": 13,
            "severity": "warning",
            "message": "unused variable 'status'",
            "option": "-Wunused-variable",
            "quote": "\tint status = 0;",
        }
    ]


def test_a_finding() -> None:
    assert read(GRADED)["checks"][1]["findings"][0] == {
        "kind": "fd-leak-exec",
        "process": "cat",
        "pid": 9,
        "fd": 4,
        "resource": "pipe:[21809]",
        "message": LEAK.message,
        "source": {"file": "pipeline.c", "line": 41},
        "evidence": {
            "holders": ["main (pid 7) fd 4, write end", "cat (pid 9) fd 4, write end"],
            "close_on_exec": False,
        },
    }


def test_keys_of_a_finding_that_do_not_apply_are_null() -> None:
    report = finding_object(Finding(kind=FindingKind.TIMEOUT, message="it ran for 5 s"))
    assert report == {
        "kind": "timeout",
        "process": None,
        "pid": None,
        "fd": None,
        "resource": None,
        "message": "it ran for 5 s",
        "source": None,
        "evidence": {},
    }


def test_a_program_that_does_not_compile() -> None:
    report = read(BUILD_FAILED)
    assert (report["status"], report["score"], report["max_score"]) == ("build-failed", 0, 60)
    assert report["build"]["ok"] is False
    assert report["build"]["diagnostics"][1]["file"] is None


def test_a_rejected_submission() -> None:
    report = read(REJECTED)
    assert (report["status"], report["reason"]) == ("rejected", "pipeline.c is missing")
    assert (report["build"], report["environment"]) == (None, None)


def test_whole_points_are_whole_numbers() -> None:
    assert '"score": 30,' in json_report.render(PERFECT)


def test_thirds_of_a_point_are_rounded_only_for_the_reader() -> None:
    thirds = tuple(replace(check, points=Fraction(1, 3)) for check in (*PERFECT.checks, PERFECT.checks[0]))
    report = read(replace(PERFECT, checks=thirds))
    assert [check["points"] for check in report["checks"]] == [0.33, 0.33, 0.33]
    assert report["score"] == 1


@pytest.mark.parametrize("result", EVERY)
def test_it_is_ascii_and_ends_in_a_newline(result: Result) -> None:
    text = json_report.render(result)
    assert text.isascii()
    assert text.endswith("}\n")


def test_no_lone_surrogate_is_left_for_strict_readers() -> None:
    text = json_report.render(BROKEN)
    json.dumps(json.loads(text), ensure_ascii=False).encode("utf-8")


def test_a_value_that_json_cannot_carry_is_refused() -> None:
    finding = replace(LEAK, evidence={"seconds": float("inf")})
    with pytest.raises(ValueError, match="JSON"):
        json_report.render(replace(GRADED, checks=(replace(GRADED.checks[1], findings=(finding,)),)))
