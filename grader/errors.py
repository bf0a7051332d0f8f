"""Errors of the grader, one class for each culprit; the CLI alone prints them and sets the exit status.

A fault of the submission is no error but a result: see `grader.result.Status`.
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file the mend is needed; `line` counts from 1 and is None when the whole file is meant."""

    path: Path
    line: int | None = None

    def __str__(self) -> str:
        return str(self.path) if self.line is None else f"{self.path}:{self.line}"


class GraderError(Exception):
    """Base of all: `message` says what is wrong, `advice` what to do about it."""

    exit_status = 3

    def __init__(self, message: str, *, advice: str = "", place: Place | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice
        self.place = place

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        advice = f"\n{self.advice}" if self.advice else ""
        return f"{where}{self.message}{advice}"


class UsageError(GraderError):
    """The caller asked for something that cannot be: no such folder, a report that cannot be written there."""

    exit_status = 2


class AssignmentError(GraderError):
    """The assignment is not valid: its YAML, its files, or the match between checks and tests."""

    exit_status = 2


class CheckError(GraderError):
    """A hidden check raised something other than a failed assertion: its author's fault, so no verdict."""

    exit_status = 3


class InternalError(GraderError):
    """The grader itself is at fault; no verdict."""

    exit_status = 3


class VerdictError(GraderError):
    """A submission could not be graded, for reasons that are told; none of them is its own fault."""

    exit_status = 3
