"""Reads the reports of ThreadSanitizer. Pure.

A report stands between two lines of `=`; it names two accesses, or one use of a lock, and how the threads came to be.
"""

import re
from collections.abc import Sequence

from grader.instruments.reports import RaceReport, Stack, ThreadAccess, ToolFailedError, students
from grader.instruments.sanitizer_text import gave_up, read_stack, stack_below

_WARNING = re.compile(r"^WARNING: ThreadSanitizer: (?P<title>.+?) \(pid=(?P<pid>\d{1,20})\)")
_ACCESS = re.compile(
    r"^  (?:Previous )?(?P<what>(?:atomic )?(?:read|write)) of size (?P<size>\d{1,20}) at 0x[0-9a-f]+ "
    r"by (?P<thread>main thread|thread T\d+)",
    re.IGNORECASE,
)
_LOCATION = re.compile(r"^  Location is (?P<what>.+?)(?: at 0x.*)?$")
_GLOBAL = re.compile(r"^global '(?P<name>[^']+)'")
_CREATED = re.compile(r"^  Thread (?P<thread>T\d+) .*created by")

_VERBS = {"read": "reads", "write": "writes", "atomic read": "atomically reads", "atomic write": "atomically writes"}

LOCK_ERRORS = {
    "double lock of a mutex": "locks a mutex that it already holds",
    "unlock of an unlocked mutex (or by a wrong thread)": "unlocks a mutex that it does not hold",
    "use of an invalid mutex (e.g. uninitialized or destroyed)": "uses a mutex that is not initialised, or destroyed",
    "destroy of a locked mutex": "destroys a mutex that is locked",
    "read lock of a write locked mutex": "locks a lock for reading that it holds for writing",
    "read unlock of a write locked mutex": "unlocks a lock as if it held it for reading, but it holds it for writing",
}
USE_AFTER_FREE = "heap-use-after-free"


def read_reports(text: str) -> tuple[RaceReport, ...]:
    """The reports that accuse the student's own code, in one process's file.

    Left out is what ThreadSanitizer says about descriptors, whose numbers are reused, and what has no line of the
    student's. Raises ToolFailedError for a text that has no report at all.
    """
    blocks = [block.strip("\n").splitlines() for block in re.split(r"^={18}$", text, flags=re.MULTILINE)]
    warnings = [block for block in blocks if block and _WARNING.match(block[0])]
    if not warnings and (said := gave_up(text.splitlines())):
        raise ToolFailedError(said)
    reports = [_read_block(block) for block in warnings]
    return tuple(report for report in reports if _accuses(report))


def _accuses(report: RaceReport) -> bool:
    if report.location.startswith("file descriptor"):
        return False
    if report.error in LOCK_ERRORS:
        return any(students(access.stack) for access in report.accesses)
    named = [access for access in report.accesses if students(access.stack)]
    return report.error.startswith(("data race", USE_AFTER_FREE)) and len(report.accesses) == 2 and bool(named)


def _read_block(lines: Sequence[str]) -> RaceReport:
    warning = _WARNING.match(lines[0])
    assert warning is not None
    created = _created(lines)
    accesses = [
        _access(lines, number, match, created)
        for number, line in enumerate(lines)
        if (match := _ACCESS.match(line)) is not None
    ]
    if warning["title"] in LOCK_ERRORS:
        verb = LOCK_ERRORS[warning["title"]]
        accesses = [ThreadAccess(what=verb, size=0, thread="", stack=read_stack(lines, 1))]
    location = next((match["what"] for line in lines if (match := _LOCATION.match(line))), "")
    variable = _GLOBAL.match(location)
    return RaceReport(
        error=warning["title"],
        pid=int(warning["pid"]),
        accesses=tuple(accesses),
        variable=variable["name"] if variable else "",
        location=location,
        allocated=stack_below(lines, re.compile(r"^  Location is heap block")),
    )


def _access(lines: Sequence[str], number: int, match: "re.Match[str]", created: dict[str, Stack]) -> ThreadAccess:
    thread = match["thread"].removeprefix("thread ")
    return ThreadAccess(
        what=_VERBS[match["what"].lower()],
        size=int(match["size"]),
        thread=thread,
        stack=read_stack(lines, number + 1),
        created=created.get(thread, ()),
    )


def _created(lines: Sequence[str]) -> dict[str, Stack]:
    found = {}
    for number, line in enumerate(lines):
        match = _CREATED.match(line)
        if match is not None:
            found[match["thread"]] = read_stack(lines, number + 1)
    return found
