"""From what ThreadSanitizer reported to findings that a second-year student understands. Pure."""

from collections.abc import Iterable, Sequence

from grader.findings import Finding, FindingKind
from grader.instruments.places import source_of, where
from grader.instruments.reports import RaceReport, ThreadAccess, students
from grader.instruments.thread import LOCK_ERRORS, USE_AFTER_FREE


def race_findings(reports: Iterable[RaceReport], process: str) -> tuple[Finding, ...]:
    """A finding for each pair of lines that race, and for each line that misuses a lock or freed memory."""
    by_place: dict[object, RaceReport] = {}
    for report in reports:
        places = frozenset(students(access.stack)[:1] for access in report.accesses)
        by_place.setdefault((report.error, places), report)
    return tuple(_race_finding(report, process) for report in by_place.values())


def _race_finding(report: RaceReport, process: str) -> Finding:
    stacks = [students(access.stack) for access in report.accesses]
    own = next(stack for stack in stacks if stack)
    evidence: dict[str, object] = {"error": report.error, "tool": "ThreadSanitizer"}
    if report.location:
        evidence["location"] = report.location
    evidence["accesses"] = [_access_row(access) for access in report.accesses]
    kind = FindingKind.RACE
    if report.error in LOCK_ERRORS:
        message = _lock_message(report)
    elif report.error.startswith(USE_AFTER_FREE):
        kind = FindingKind.MEMORY_ERROR  # also where the two are ordered
        message = _freed_message(report)
    else:
        message = _race_message(report)
    return Finding(
        kind=kind,
        process=process,
        pid=report.pid,
        resource=report.variable or None,
        source=source_of(own),
        message=message,
        evidence=evidence,
    )


def _access_row(access: ThreadAccess) -> str:
    return " ".join(part for part in (access.thread, access.what, "in", where(access.stack) or "a library") if part)


def _lock_message(report: RaceReport) -> str:
    access = report.accesses[0]
    name = f" `{report.variable}`" if report.variable else ""
    return f"{where(access.stack)} {access.what.replace('a mutex', f'the mutex{name}') if name else access.what}."


def _freed_message(report: RaceReport) -> str:
    access, free = report.accesses
    freed = where(free.stack)
    return (
        f"{where(access.stack) or 'A library function'} {access.what} memory that was already freed"
        + (f" in {freed}" if freed else "")
        + ". After `free` it may belong to something else."
    )


def _race_message(report: RaceReport) -> str:
    first, second = (_doing(access, report.accesses) for access in report.accesses)
    return (
        f"Data race on {_memory(report)}: {first}, {second}, and nothing orders the two "
        "(no lock held by both, no join between them)."
    )


def _memory(report: RaceReport) -> str:
    if report.variable:
        return f"`{report.variable}`"
    allocated = where(report.allocated)
    if allocated:
        return f"the memory that {allocated} allocated"
    return "a local variable" if "stack" in report.location else "shared memory"


def _doing(access: ThreadAccess, accesses: Sequence[ThreadAccess]) -> str:
    place = where(access.stack[:1]) or where(access.stack) or "a library function"
    started = students(access.created)
    name = "the main thread" if access.thread == "main thread" else "a thread"
    if name == "a thread" and access is accesses[-1] and accesses[0].thread.startswith("T"):
        name = "another thread"
    origin = f" (started in line {started[0].line})" if started else ""
    return f"{name}{origin} {access.what} it in {place}"
