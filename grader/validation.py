"""The value that validating an assignment yields."""

from collections.abc import Mapping
from dataclasses import dataclass

from grader.errors import Place
from grader.spec import Assignment


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that does not hold, and where to mend it."""

    place: Place
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """What came out: the assignment is valid if there is no problem. `matrix` has the failures of each bug."""

    assignment: Assignment
    repeat: int
    graded: int
    matrix: Mapping[str, Mapping[str, str]]
    problems: tuple[Problem, ...]
