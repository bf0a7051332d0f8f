"""The report of `grader validate`: what does not hold, and the matrix of bugs by checks."""

import json
from collections.abc import Sequence

from grader.reports.text import visible
from grader.validation import Validation

SCHEMA = "grader.validation/1"


def render_terminal(validation: Validation) -> str:
    """A row for each bug, a column for each check: which it fails, and by what."""
    assignment = validation.assignment
    lines = [f"{assignment.title} ({assignment.name})", ""]
    numbers = {check.id: str(number) for number, check in enumerate(assignment.checks, start=1)}
    width = max([len(name) for name in validation.matrix] + [3])
    if validation.matrix:
        lines.append(f"{'':{width}}  " + " ".join(f"{number:>2}" for number in numbers.values()))
        for name, failures in validation.matrix.items():
            marks = " ".join(f"{'✘' if check in failures else '·':>2}" for check in numbers)
            kinds = ", ".join(sorted({kind for kind in failures.values() if kind != "assertion"}))
            lines.append(f"{name:{width}}  {marks}  {kinds}".rstrip())
        lines.append("")
        lines += [f"{number:>2} {check}" for check, number in numbers.items()]
        lines.append("")
    for problem in validation.problems:
        lines.append(f"✘ {visible(str(problem))}")
    verdict = "valid" if not validation.problems else f"NOT valid: {len(validation.problems)} problem(s)"
    times = "once" if validation.repeat == 1 else f"{validation.repeat} times"
    lines.append(f"{assignment.name} is {verdict} · {validation.graded} gradings, the right ones {times}")
    return "\n".join(lines) + "\n"


def render_json(validations: Sequence[Validation]) -> str:
    """One object over all validated assignments."""
    content = {
        "schema": SCHEMA,
        "valid": not any(validation.problems for validation in validations),
        "assignments": [
            {
                "name": validation.assignment.name,
                "valid": not validation.problems,
                "repeat": validation.repeat,
                "graded": validation.graded,
                "matrix": validation.matrix,
                "problems": [
                    {"file": str(problem.place.path), "line": problem.place.line, "message": problem.message}
                    for problem in validation.problems
                ],
            }
            for validation in validations
        ],
    }
    return json.dumps(content, indent=2) + "\n"
