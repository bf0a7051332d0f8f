"""The one value that grading a submission yields; reports render it and know nothing else."""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from grader.findings import Finding
from grader.picture import Picture


class Status(StrEnum):
    """What became of the submission as a whole."""

    GRADED = "graded"
    REJECTED = "rejected"
    BUILD_FAILED = "build-failed"


class Outcome(StrEnum):
    """What became of one check."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One warning or error of the compiler or linker.

    `file` is as the student named it; `line` and `column` count from 1 and are None where the compiler gave
    none; `option` is the warning's option (`-Wunused-variable`) or ""; `quote` is the source line, or "".
    """

    severity: str
    message: str
    file: str = ""
    line: int | None = None
    column: int | None = None
    option: str = ""
    quote: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildReport:
    """What the compiler said; `log` is its whole text, cut to the output limit."""

    ok: bool
    log: str = ""
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """The outcome of one check. `message` is one line, "" when passed; `transcript` shows what was run.

    `hint` is the author's advice on failure; `visible` says whether a student may see more than the title. `pictures`
    are of the runs of a failed check.
    """

    id: str
    title: str
    points: Fraction
    max_points: Fraction
    outcome: Outcome
    message: str = ""
    hint: str = ""
    transcript: str = ""
    findings: tuple[Finding, ...] = ()
    duration_seconds: float = 0.0
    visible: bool = False
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What the verdict was reached with: versions of the grader, the sandbox image, the kernel."""

    grader: str
    image: str
    kernel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Everything about one graded submission.

    `reason` says why a submission was rejected, for the student; "" otherwise. `build` is None when nothing
    was built. `environment` is None when the submission was rejected before a sandbox was needed.
    """

    assignment: str
    title: str
    submission: str
    digest: str
    status: Status
    checks: tuple[CheckResult, ...]
    reason: str = ""
    build: BuildReport | None = None
    environment: Environment | None = None
    duration_seconds: float = 0.0

    @property
    def score(self) -> Fraction:
        return sum((check.points for check in self.checks), Fraction(0))

    @property
    def max_score(self) -> Fraction:
        return sum((check.max_points for check in self.checks), Fraction(0))

    @property
    def all_passed(self) -> bool:
        return self.status is Status.GRADED and all(c.outcome is Outcome.PASSED for c in self.checks)


def plain_number(points: Fraction) -> int | float:
    """Points as people write them: 15, or 7.5."""
    return int(points) if points.denominator == 1 else round(float(points), 2)
