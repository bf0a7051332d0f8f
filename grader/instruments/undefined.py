"""Reads the reports of UndefinedBehaviorSanitizer: `FILE:LINE:COLUMN: runtime error: …` and a stack. Pure."""

import re

from grader.instruments.reports import Frame, MemoryReport, ToolFailedError, relative
from grader.instruments.sanitizer_text import gave_up, read_stack

_ERROR = re.compile(r"^(?P<file>[^:]+):(?P<line>\d{1,10}):(?:\d+:)? runtime error: (?P<text>.+)$")

_NAMES = (
    (r"signed integer overflow|negation of .* cannot be represented", "signed-overflow"),
    (r"division by zero|division of .* cannot be represented", "division"),
    (r"shift", "shift"),
    (r"out of bounds", "index-out-of-bounds"),
    (r"null pointer", "null-dereference"),
    (r"misaligned address", "misaligned-access"),
    (r"insufficient space", "object-overflow"),
    (r"without returning a value", "missing-return"),
    (r"unreachable", "unreachable"),
    (r"not a valid value", "invalid-value"),
    (r"variable length array bound", "vla-bound"),
    (r"pointer index expression|pointer arithmetic|offset to", "pointer-overflow"),
)


def read_reports(text: str, pid: int) -> tuple[MemoryReport, ...]:
    """The first report about each line of the student's in the file of process `pid`.

    One mistake often violates several rules at once; what comes first names it best. Raises ToolFailedError for a
    text that has no report.
    """
    lines = text.splitlines()
    reports: dict[tuple[str, int], MemoryReport] = {}
    found = False
    for number, line in enumerate(lines):
        error = _ERROR.match(line)
        if error is None:
            continue
        found = True
        place = Frame(function="", file=relative(error["file"]), line=int(error["line"]))
        stack = read_stack(lines, _skip_notes(lines, number + 1)) or (place,)
        report = MemoryReport(
            tool="UndefinedBehaviorSanitizer", error=_name(error["text"]), pid=pid, text=error["text"], stack=stack
        )
        reports.setdefault((place.file, place.line), report)
    if not found and (said := gave_up(lines)):
        raise ToolFailedError(said)
    return tuple(report for (file, _line), report in reports.items() if file)


def _skip_notes(lines: list[str], start: int) -> int:
    """The first line of the stack that belongs to the report: memory excerpts can stand before it."""
    for number in range(start, len(lines)):
        if lines[number].lstrip().startswith("#0 "):
            return number
        if not lines[number].strip() or _ERROR.match(lines[number]):
            break
    return len(lines)


def _name(text: str) -> str:
    return next((name for pattern, name in _NAMES if re.search(pattern, text)), "undefined-behaviour")
