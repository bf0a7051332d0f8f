"""A place in the student's own source."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A line of the student's own source, counted from 1."""

    file: str
    line: int
