"""Grading a whole class: every submission once, each recorded as soon as it is graded."""

import hashlib
import json
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from grader.class_folder import Entry, find_entries
from grader.errors import GraderError, UsageError
from grader.gradebook import MAKE_ROOM, NO_VERDICT, Gradebook, Row, as_csv, as_json
from grader.reports import class_page, html, json_report, junit
from grader.result import Result, plain_number
from grader.spec import Assignment
from grader.submission import Submission, load_files, load_submission
from grader.workers import NoVerdict, Outcome, grade_all
from grader.write import UNFINISHED, write_whole
from sandbox.image import image_name

TRIES = 3
"""How often a submission is tried at most when the machine is at fault."""

GRADEBOOK = "gradebook.sqlite"

GradeAll = Callable[
    [Assignment, Iterator[tuple[str, Submission]], Callable[[str], None]], Generator[tuple[str, Outcome], None, None]
]
"""What grades submissions by key, here or on other machines, telling when it begins with each."""


@dataclass(slots=True)
class Tally:
    """How far a batch is. `reused` were graded before; `started` is when it began, in monotonic seconds."""

    total: int
    done: int = 0
    running: int = 0
    reused: int = 0
    without_verdict: list[Row] = field(default_factory=list)
    below: int = 0
    started: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> int:
        return self.total - self.done - self.running

    @property
    def per_second(self) -> float:
        """Gradings a second so far, without what was reused."""
        return (self.done - self.reused) / max(time.monotonic() - self.started, 1e-9)

    @property
    def seconds_to_go(self) -> float | None:
        """A guess from the speed so far; None before there is one."""
        return (self.left + self.running) / self.per_second if self.done > self.reused else None


def batch(
    assignment: Assignment,
    submissions: Path,
    out: Path,
    *,
    resume: bool,
    grade: GradeAll,
    fail_under: float | None = None,
    on_change: Callable[[Tally, Row | None], None] = lambda _tally, _row: None,
) -> Tally:
    """Grade what is in `submissions`, and write the gradebook and the reports to `out`.

    With `resume` what an earlier batch graded is kept, if submission, assignment, image and grader are the same by
    their content. Scores below `fail_under` percent are counted.

    `on_change` is told of each change, with the row of what has just been done.

    Raises UsageError if there is nothing to grade, or `out` cannot be used.
    """
    entries = {entry.key: entry for entry in find_entries(submissions)}
    reports = _prepare(out, resume=resume)
    graded_by = grading_digest(assignment)
    tally = Tally(total=len(entries))
    with Gradebook(out / GRADEBOOK) as gradebook:
        gradebook.forget_others(frozenset(entries))
        digests: dict[str, str] = {}

        def finish(row: Row) -> None:
            gradebook.record(row)
            tally.done += 1
            if row.score is None:
                tally.without_verdict.append(row)
            elif fail_under is not None and 100 * row.score < fail_under * (row.max_score or 0.0):
                tally.below += 1
            on_change(tally, row)

        def to_grade() -> Iterator[tuple[str, Submission]]:
            for key, entry in entries.items():
                try:
                    submission = _load(entry, assignment)
                except UsageError as error:
                    finish(_without_verdict(entry, "", graded_by, str(error)))
                    continue
                known = gradebook.row(key)
                if known is not None and known.has_verdict and _is_same(known, submission, graded_by, reports):
                    tally.reused += 1
                    finish(replace(known, name=entry.name, id=entry.id))
                    continue
                digests[key] = submission.digest
                yield key, submission

        def begin(key: str) -> None:
            tally.running += 1
            on_change(tally, None)

        with closing(grade(assignment, to_grade(), begin)) as outcomes:
            for key, outcome in outcomes:
                tally.running -= 1
                digest = digests.pop(key)
                if isinstance(outcome, NoVerdict):
                    finish(_without_verdict(entries[key], digest, graded_by, outcome.reason))
                else:
                    _write_reports(reports, key, outcome)
                    finish(_row(entries[key], digest, graded_by, outcome))
        _write_class(out, assignment, gradebook)
    return tally


def _prepare(out: Path, *, resume: bool) -> Path:
    if (out / GRADEBOOK).exists() and not resume:
        raise UsageError(
            f"there is a gradebook in {out} already",
            advice="Add --resume to grade only what is missing or has changed, or name another folder.",
        )
    reports = out / "reports"
    try:
        reports.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make the folder {reports}: {error.strerror}") from error
    for folder in (out, reports):
        for left in folder.glob(UNFINISHED):  # by a batch that was killed
            left.unlink(missing_ok=True)
    return reports


def _load(entry: Entry, assignment: Assignment) -> Submission:
    if entry.files:
        submission = load_files(entry.name, dict(entry.files), assignment.submission)
    else:
        submission = load_submission(entry.path, assignment.submission)
    return replace(submission, name=entry.name)


def _is_same(row: Row, submission: Submission, graded_by: str, reports: Path) -> bool:
    """Whether a result can stand for the grading of this submission, and its report is there."""
    same = (row.submission, row.graded_by) == (submission.digest, graded_by)
    return same and (reports / f"{row.key}.html").is_file()


def _row(entry: Entry, digest: str, graded_by: str, result: Result) -> Row:
    return Row(
        key=entry.key,
        name=entry.name,
        id=entry.id,
        status=result.status.value,
        score=float(plain_number(result.score)),
        max_score=float(plain_number(result.max_score)),
        reason=result.reason,
        submission=digest,
        graded_by=graded_by,
        duration_s=round(result.duration_seconds, 3),
        result=json_report.render(result),
    )


def _without_verdict(entry: Entry, digest: str, graded_by: str, reason: str) -> Row:
    return Row(
        key=entry.key,
        name=entry.name,
        id=entry.id,
        status=NO_VERDICT,
        score=None,
        max_score=None,
        reason=reason,
        submission=digest,
        graded_by=graded_by,
        duration_s=None,
        result=None,
    )


def _write_reports(reports: Path, key: str, result: Result) -> None:
    _write(reports / f"{key}.json", json_report.render(result))
    _write(reports / f"{key}.xml", junit.render(result))
    _write(reports / f"{key}.html", html.render(result))


def _write(path: Path, text: str | Iterable[str]) -> None:
    """Write a file of the batch whole; what to do on a full disk is another than where nothing has been kept."""
    try:
        write_whole(path, text)
    except UsageError:
        raise
    except GraderError as error:
        raise GraderError(error.message, advice=MAKE_ROOM) from error


def _write_class(out: Path, assignment: Assignment, gradebook: Gradebook) -> None:
    _write(out / "gradebook.csv", as_csv(gradebook.rows()))
    _write(out / "gradebook.json", as_json(gradebook.rows(), assignment.name))
    _write(out / "index.html", class_page.render(assignment.title, [_summary(row) for row in gradebook.rows()]))


def _summary(row: Row) -> class_page.Submitted:
    result = json.loads(row.result) if row.result else {"checks": []}
    return class_page.Submitted(
        key=row.key,
        name=row.name,
        id=row.id,
        status=row.status,
        score=row.score,
        max_score=row.max_score,
        reason=row.reason,
        duration_seconds=row.duration_s,
        checks={check["id"]: (check["title"], check["outcome"]) for check in result["checks"]},
        kinds=tuple(finding["kind"] for check in result["checks"] for finding in check["findings"]),
    )


def grading_digest(assignment: Assignment) -> str:
    """Names all that graded: the assignment's folder, the image, and the grader itself, by content."""
    digest = hashlib.sha256()
    for part in (_folder_digest(assignment.folder), image_name(), _code_digest()):
        digest.update(part.encode() + b"\0")
    return f"sha256:{digest.hexdigest()}"


@cache
def _code_digest() -> str:
    here = Path(__file__).parent
    return _folder_digest(here) + _folder_digest(here.parent / "sandbox")


def _folder_digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            data = path.read_bytes()
            digest.update(f"{path.relative_to(folder)}\0{len(data)}\0".encode("utf-8", "surrogateescape"))
            digest.update(data)
    return digest.hexdigest()


def grade_here(jobs: int) -> GradeAll:
    """Grade on this machine, `jobs` at a time."""

    def run(
        assignment: Assignment, submissions: Iterator[tuple[str, Submission]], on_start: Callable[[str], None]
    ) -> Generator[tuple[str, Outcome], None, None]:
        return grade_all(assignment, submissions, jobs, tries=TRIES, on_start=on_start)

    return run
