"""What a student may see of a result."""

from dataclasses import replace

from grader.result import CheckResult, Outcome, Result

HIDDEN = "hidden check"


def student_view(result: Result) -> Result:
    """The result without what hidden checks did and saw.

    Of a hidden check stay its title, points and outcome, the author's hint, which is written for students,
    and why it was skipped, which names only checks. The build's diagnostics are the student's own.
    """
    return replace(result, checks=tuple(_student_view(check) for check in result.checks))


def _student_view(check: CheckResult) -> CheckResult:
    if check.visible:
        return check
    message = {Outcome.FAILED: HIDDEN, Outcome.SKIPPED: check.message, Outcome.PASSED: ""}[check.outcome]
    return replace(check, message=message, transcript="", findings=(), pictures=())
