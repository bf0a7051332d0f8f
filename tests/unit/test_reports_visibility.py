"""What a student may see of a hidden check: that it failed, and the author's hint."""

import pytest
from results import BUILD_FAILED, GRADED, LEAK

from grader.reports import html, json_report, junit, terminal
from grader.reports.visibility import student_view


def test_a_hidden_check_that_failed_keeps_title_points_outcome_and_hint() -> None:
    before, after = GRADED.checks[1], student_view(GRADED).checks[1]
    assert after.message == "hidden check"
    assert after.transcript == ""
    assert after.findings == ()
    assert (after.id, after.title, after.points, after.outcome, after.hint) == (
        before.id,
        before.title,
        before.points,
        before.outcome,
        before.hint,
    )


def test_a_visible_check_stays_whole() -> None:
    assert student_view(GRADED).checks[2] == GRADED.checks[2]


def test_why_a_hidden_check_was_skipped_is_told() -> None:
    assert student_view(GRADED).checks[3] == GRADED.checks[3]


def test_the_score_and_the_build_stay() -> None:
    assert student_view(GRADED).score == GRADED.score
    assert student_view(BUILD_FAILED).build == BUILD_FAILED.build


@pytest.mark.parametrize(
    "report",
    [
        json_report.render(student_view(GRADED)),
        junit.render(student_view(GRADED)),
        html.render(student_view(GRADED)),
        terminal.render(student_view(GRADED), color=False, width=80),
    ],
    ids=["json", "junit", "html", "terminal"],
)
def test_no_report_of_it_shows_what_a_hidden_check_saw(report: str) -> None:
    for secret in (LEAK.kind.value, "pipe:[21809]", "fdprobe", "pid 9"):
        assert secret not in report
