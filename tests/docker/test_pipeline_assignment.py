"""The shipped pipeline assignment: right programs get full marks, and each wrong one fails what its label says."""

from pathlib import Path

import pytest
import yaml

from grader.grade import grade
from grader.result import CheckResult, Outcome, Result, Status
from grader.spec import Assignment, load_assignment, shipped_folder
from grader.submission import load_submission

FOLDER = shipped_folder() / "pipeline"
RIGHT = [FOLDER / "solution", *sorted((FOLDER / "alternatives").iterdir())]
WRONG = sorted((FOLDER / "bugs").iterdir())


@pytest.fixture(scope="module")
def assignment() -> Assignment:
    return load_assignment(FOLDER)


def graded(assignment: Assignment, submission: Path) -> Result:
    return grade(assignment, load_submission(submission, assignment.submission))


def failure(check: CheckResult) -> str:
    """What a label says of a failed check, which is the type of the JUnit report."""
    return check.findings[0].kind.value if check.findings else "assertion"


@pytest.mark.parametrize("submission", RIGHT, ids=lambda path: path.name)
def test_a_right_program_gets_full_marks(assignment: Assignment, submission: Path) -> None:
    result = graded(assignment, submission)
    assert {check.id: check.message for check in result.checks if check.outcome is not Outcome.PASSED} == {}
    assert (result.score, result.status) == (result.max_score, Status.GRADED)


@pytest.mark.parametrize("bug", WRONG, ids=lambda path: path.name)
def test_a_wrong_program_fails_exactly_the_checks_of_its_label(assignment: Assignment, bug: Path) -> None:
    label = yaml.safe_load((bug / "bug.yaml").read_text(encoding="utf-8"))
    result = graded(assignment, bug)
    assert result.status is Status.GRADED
    assert {check.id: failure(check) for check in result.checks if check.outcome is Outcome.FAILED} == label["fails"]


def test_the_starter_compiles_and_does_not_get_full_marks(assignment: Assignment) -> None:
    result = graded(assignment, FOLDER / "starter")
    assert result.status is Status.GRADED
    assert result.score < result.max_score


def test_every_check_is_failed_by_some_wrong_program(assignment: Assignment) -> None:
    labels = [yaml.safe_load((bug / "bug.yaml").read_text(encoding="utf-8")) for bug in WRONG]
    assert {check.id for check in assignment.checks} == {id_ for label in labels for id_ in label["fails"]}
