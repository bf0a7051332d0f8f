"""The result as Gradescope's autograder wants it: results.json.

https://gradescope-autograders.readthedocs.io/en/latest/specs/#output-format
"""

import json

from grader.reports.json_report import JsonObject
from grader.reports.text import cut, json_without_ci_commands, one_line, visible
from grader.reports.visibility import student_view
from grader.result import CheckResult, Outcome, Result, Status, plain_number

TEXT_LIMIT = 10_000


def render(result: Result) -> str:
    """One JSON object. It says what a student may know and nothing else, as Gradescope shows it to students."""
    seen = student_view(result)
    content: JsonObject = {
        "score": plain_number(seen.score),
        "execution_time": round(seen.duration_seconds),
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "output": _summary(seen),
        "output_format": "text",
        "test_output_format": "text",
        "tests": [_test(number, check) for number, check in enumerate(seen.checks, start=1)],
    }
    return json_without_ci_commands(json.dumps(content, indent=2)) + "\n"


def _summary(result: Result) -> str:
    if result.status is Status.REJECTED:
        return _text(f"The submission was rejected: {result.reason}")
    log = result.build.log.strip() if result.build is not None else ""
    if result.status is Status.BUILD_FAILED:
        return _text(f"The program does not compile.\n{log}")
    passed = sum(check.outcome is Outcome.PASSED for check in result.checks)
    return _text(f"{passed} of {len(result.checks)} checks passed.\n{log}".rstrip())


def _test(number: int, check: CheckResult) -> JsonObject:
    told = [check.message, check.transcript, f"Hint: {check.hint}" if check.hint else ""]
    return {
        "name": one_line(visible(check.title)),
        "number": str(number),
        "score": plain_number(check.points),
        "max_score": plain_number(check.max_points),
        "status": "passed" if check.outcome is Outcome.PASSED else "failed",
        "output": _text("\n\n".join(text for text in told if text)),
        "visibility": "visible",
    }


def _text(text: str) -> str:
    return cut(visible(text), TEXT_LIMIT)
