"""`grader validate`: proves of an assignment that its checks catch what they claim and nothing else.

The solution and every alternative get full marks each time, the starter compiles and does not, each known-bad
program fails exactly the checks of its label and for the reason it names, and no check is failed by none.
"""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from grader.errors import AssignmentError, Place, VerdictError
from grader.findings import FindingKind
from grader.reports.text import cut_lines
from grader.result import Outcome, Result, Status
from grader.spec import STARTER, Assignment, load_assignment
from grader.submission import Submission, load_submission
from grader.validation import Problem, Validation
from grader.workers import NoVerdict, default_jobs, grade_all
from grader.yaml_lines import did_you_mean, read_yaml

ASSERTION = "assertion"

LOG_LINES = 12
"""How much of the compiler's words a problem quotes."""

_FAILURES = (ASSERTION, *(kind.value for kind in FindingKind))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bug:
    """One known-bad program: `fails` has the checks it must fail, with the kind of the first finding."""

    name: str
    folder: Path
    description: str
    fails: Mapping[str, str]
    lines: Mapping[str, Place]


def load_bugs(assignment: Assignment) -> tuple[Bug, ...]:
    """The known-bad programs of an assignment; raises AssignmentError with the line of a label that is wrong."""
    folder = assignment.folder / "bugs"
    if not folder.is_dir():
        return ()
    return tuple(_load_bug(path, assignment) for path in sorted(folder.iterdir()) if path.is_dir())


def _load_bug(folder: Path, assignment: Assignment) -> Bug:
    label = folder / "bug.yaml"
    try:
        text = label.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise AssignmentError(
            f"expected the label of the bug {folder.name!r}: {_reason(error)}",
            advice="write `description: …` and `fails: {check_id: finding-kind}`",
            place=Place(label),
        ) from error
    table = read_yaml(text, label).table(required=("description", "fails"))
    fails = table["fails"].entries("no_fd_leaks: fd-leak-exec")
    known = tuple(check.id for check in assignment.checks)
    for check, value in fails.items():
        if check not in known:
            raise AssignmentError(
                f"expected the id of a check, found {check!r}", advice=did_you_mean(check, known), place=value.place
            )
        if (kind := value.line()) not in _FAILURES:
            raise value.wrong(
                f"expected the kind of a finding, or {ASSERTION}, found {kind!r}", advice=did_you_mean(kind, _FAILURES)
            )
    if not fails:
        raise table["fails"].wrong("expected at least one check that this bug must fail")
    return Bug(
        name=folder.name,
        folder=folder,
        description=table["description"].line(),
        fails={check: value.line() for check, value in fails.items()},
        lines={check: value.place for check, value in fails.items()},
    )


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return str(error.strerror) if isinstance(error, OSError) else "it is no UTF-8"


def validate(
    where: str | Path, *, repeat: int = 1, jobs: int | None = None, say: Callable[[str], None] = lambda _: None
) -> Validation:
    """Grade everything an assignment has, the right ones `repeat` times; raises as `grade` does."""
    assignment = load_assignment(where)
    bugs = {bug.name: bug for bug in load_bugs(assignment)}
    solution = assignment.folder / "solution"
    if not solution.is_dir():
        raise AssignmentError(
            "expected a folder with a solution that has full marks, found none",
            advice="write one: without it nothing can be proven of the checks",
            place=Place(solution),
        )
    right = {
        str(path.relative_to(assignment.folder)): path
        for path in (solution, *_folders(assignment.folder / "alternatives"))
    }
    work: list[tuple[tuple[str, str], Submission]] = []
    for name, path in right.items():
        work += [(("right", name), load_submission(path, assignment.submission))] * repeat
    starter = assignment.folder / STARTER
    if starter.is_dir():
        work.append((("starter", "starter"), load_submission(starter, assignment.submission)))
    work += [(("bug", bug.name), load_submission(bug.folder, assignment.submission)) for bug in bugs.values()]
    problems: list[Problem] = []
    matrix: dict[str, Mapping[str, str]] = {}
    if not starter.is_dir():
        problems.append(Problem(place=Place(starter), message="expected a folder with the files students start from"))
    with closing(grade_all(assignment, work, jobs or default_jobs(), tries=2)) as outcomes:
        for done, ((role, name), result) in enumerate(outcomes, start=1):
            say(f"{assignment.name}: {done} of {len(work)} graded")
            if isinstance(result, NoVerdict):
                raise VerdictError(f"{name}: {result.reason}")
            if role == "right":
                problems += _judge_right(right[name], result)
            elif role == "starter":
                problems += _judge_starter(starter, result)
            else:
                matrix[name] = failures(result)
                problems += _judge_bug(bugs[name], result)
    problems += _unproven_checks(assignment, bugs)
    ordered = {name: matrix[name] for name in bugs}
    return Validation(
        assignment=assignment, repeat=repeat, graded=len(work), matrix=ordered, problems=tuple(dict.fromkeys(problems))
    )


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


def failures(result: Result) -> dict[str, str]:
    """The failed checks with the type of the failure, as in JUnit: the first finding's kind, or `assertion`."""
    return {
        check.id: check.findings[0].kind.value if check.findings else ASSERTION
        for check in result.checks
        if check.outcome is Outcome.FAILED
    }


def _judge_right(folder: Path, result: Result) -> list[Problem]:
    if result.status is not Status.GRADED:
        return [Problem(place=Place(folder), message=f"expected full marks, but it is {result.status}: {_why(result)}")]
    return [
        Problem(place=Place(folder), message=f"expected full marks, but {check.id} {check.outcome}: {check.message}")
        for check in result.checks
        if check.outcome is not Outcome.PASSED
    ]


def _why(result: Result) -> str:
    if result.reason:
        return result.reason
    return "\n".join(cut_lines(result.build.log.strip(), LOG_LINES)) if result.build else ""


def _judge_starter(folder: Path, result: Result) -> list[Problem]:
    if result.status is not Status.GRADED:
        message = f"expected a starter that compiles, it is {result.status}: {_why(result)}"
        return [Problem(place=Place(folder), message=message)]
    if result.all_passed:
        return [Problem(place=Place(folder), message="expected a starter that does not pass, it has full marks")]
    return []


def _judge_bug(bug: Bug, result: Result) -> list[Problem]:
    label = Place(bug.folder / "bug.yaml")
    if result.status is not Status.GRADED:
        return [Problem(place=label, message=f"expected a program to grade, but it is {result.status}: {_why(result)}")]
    found = failures(result)
    messages = {check.id: check.message for check in result.checks}
    problems = []
    for check, kind in bug.fails.items():
        place = bug.lines[check]
        if check not in found:
            outcome = next(result_check.outcome for result_check in result.checks if result_check.id == check)
            problems.append(Problem(place=place, message=f"expected it to fail {check}, but that {outcome}"))
        elif found[check] != kind:
            said = f"expected {check} to fail by {kind}, it fails by {found[check]}: {messages[check]}"
            problems.append(Problem(place=place, message=said))
    for check in found.keys() - bug.fails.keys():
        problems.append(Problem(place=label, message=f"expected it to pass {check}, it fails: {messages[check]}"))
    return problems


def _unproven_checks(assignment: Assignment, bugs: Mapping[str, Bug]) -> list[Problem]:
    failed = {check for bug in bugs.values() for check in bug.fails}
    path = assignment.folder / "assignment.yaml"
    return [
        Problem(place=Place(path, check.line), message=f"no bug fails the check {check.id!r}: it may check nothing")
        for check in assignment.checks
        if check.id not in failed
    ]
