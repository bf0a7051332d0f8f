"""How a place in the student's source is told. Pure."""

from grader.findings import Source
from grader.instruments.reports import Stack, students

SHOWN_FRAMES = 2
"""How many of the student's functions a message names: the one that did it, and the one that called it."""


def source_of(stack: Stack) -> Source | None:
    """The first place on a stack that is in the student's own files."""
    return next((Source(file=frame.file, line=frame.line) for frame in students(stack)), None)


def where(stack: Stack) -> str:
    """`fill` (heap.c:6), called by `main` (heap.c:11)."""
    own = students(stack)[:SHOWN_FRAMES]
    return ", called by ".join(str(frame) if frame.function else f"{frame.file}:{frame.line}" for frame in own)
