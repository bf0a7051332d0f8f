"""From what a memory checker reported to findings that a second-year student understands. Pure."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from grader.findings import Finding, FindingKind
from grader.instruments.places import SHOWN_FRAMES, source_of, where
from grader.instruments.reports import MemoryReport, students

KEPT_FRAMES = 10

_ADDRESSES = re.compile(r":? (?:on |on address |address )?0x[0-9a-f]+.*")


def memory_findings(reports: Iterable[MemoryReport], process: str) -> tuple[Finding, ...]:
    """A finding for each error at each line, however many processes made it; leaks of one line are added up.

    A leak that no line of the student's allocated is none of the student's.
    """
    by_place: dict[object, MemoryReport] = {}
    for report in reports:
        own = students(report.stack)
        if report.error == "leak" and not own:
            continue
        key = (report.error, own[:SHOWN_FRAMES] or report.text)
        first = by_place.get(key)
        if first is None:
            by_place[key] = report
        elif report.error == "leak" and first.pid == report.pid:
            by_place[key] = replace(first, size=first.size + report.size, blocks=first.blocks + report.blocks)
        elif report.ended:
            by_place[key] = replace(first, ended=True)
    return tuple(_memory_finding(report, process) for report in by_place.values())


def _memory_finding(report: MemoryReport, process: str) -> Finding:
    evidence: dict[str, object] = {"error": report.error, "tool": report.tool, "said": _ADDRESSES.split(report.text)[0]}
    for name, stack in (("stack", report.stack), ("allocated", report.allocated), ("freed", report.freed)):
        if students(stack):
            evidence[name] = [str(frame) for frame in students(stack)[:KEPT_FRAMES]]
    if report.address is not None:
        evidence["address"] = report.address
    if report.ended:
        evidence["ended_the_program"] = True
    return Finding(
        kind=FindingKind.MEMORY_ERROR,
        process=process,
        pid=report.pid,
        source=source_of(report.stack),
        message=_SENTENCES.get(report.error, _other)(report),
        evidence=evidence,
    )


def _who(report: MemoryReport) -> str:
    place = where(report.stack)
    return (f"{place}," if ", called by" in place else place) or "The program"


def _bytes(count: int) -> str:
    return f"{count} byte" if count == 1 else f"{count} bytes"


def _access(report: MemoryReport) -> str:
    """`writes 4 bytes`; `uses memory` if the tool does not say how."""
    verb = {"read": "reads", "write": "writes"}.get(report.access)
    if verb is None:
        return "uses memory"
    return f"{verb} {_bytes(report.size)}" if report.size and not _library_call(report) else verb


def _block_text(report: MemoryReport) -> str:
    """`a block of 10 bytes that was allocated in `main` (heap.c:10)`, or the variable."""
    block = report.block
    if block is None:
        return "its memory"
    if block.name:
        declared = f", declared in line {block.line}" if block.line else ""
        return f"the variable `{block.name}` ({_bytes(block.size)}{declared})"
    allocated = where(report.allocated)
    return f"a block of {_bytes(block.size)}" + (f" that was allocated in {allocated}" if allocated else "")


def _overflow(report: MemoryReport) -> str:
    block = report.block
    if block is None:
        return f"{_who(report)} {_access(report)} outside of the memory that it may use there ({report.error})."
    side = "before the start of" if block.side == "before" else "beyond the end of"
    offset = {"before": -block.distance, "inside": block.distance, "after": block.size + block.distance}[block.side]
    detail = f"in `{_library_call(report)}`" if _library_call(report) else f"at its offset {offset}"
    return f"{_who(report)} {_access(report)} {side} {_block_text(report)}, {detail}."


def _library_call(report: MemoryReport) -> str:
    """The library function that did it for the student's code, or ""."""
    if not report.stack or report.stack[0].is_students:
        return ""
    return report.stack[0].function.removeprefix("__interceptor_").removeprefix("__GI_")


def _use_after_free(report: MemoryReport) -> str:
    freed = where(report.freed)
    block = f"a block of {_bytes(report.block.size)}" if report.block else "a block"
    allocated = where(report.allocated)
    from_ = "of" if _access(report).endswith(("byte", "bytes")) else "from"
    return (
        f"{_who(report)} {_access(report)} {from_} {block} that was already freed"
        + (f" in {freed}" if freed else "")
        + (f"; it was allocated in {allocated}" if allocated else "")
        + ". After `free` that memory may belong to something else."
    )


def _double_free(report: MemoryReport) -> str:
    freed = where(report.freed)
    return f"{_who(report)} frees a block for the second time" + (
        f": it was freed before in {freed}." if freed else "."
    )


def _bad_free(report: MemoryReport) -> str:
    block = ""
    if report.block is not None:
        side = {"inside": "from the start of", "before": "before", "after": "behind"}[report.block.side]
        block = f": it lies {_bytes(report.block.distance)} {side} {_block_text(report)}"
    return f"{_who(report)} gives `free` an address that `malloc` did not return{block}."


def _leak(report: MemoryReport) -> str:
    blocks = f" in {report.blocks} blocks" if report.blocks > 1 else ""
    place = where(report.stack)
    return (
        f"A leak of {_bytes(report.size)}{blocks}: what {place}{',' if ', called by' in place else ''} allocates is "
        "never freed, and at the end nothing points there any more."
    )


def _uninitialised(report: MemoryReport) -> str:
    made = where(report.allocated)
    return f"{_who(report)} uses a value that was never set, so what it does is chance." + (
        f" The memory comes from {made}." if made else ""
    )


def _null(report: MemoryReport) -> str:
    said = f" ({report.text})" if report.tool == "UndefinedBehaviorSanitizer" else ""
    verb = {"read": "reads", "write": "writes"}.get(report.access, "uses memory")
    return f"{_who(report)} {verb} through a null pointer{said}."


def _segv(report: MemoryReport) -> str:
    return (
        f"{_who(report)} {_access(report)} at an address that is none of the program's: the pointer was never set, "
        "or it points beyond an array or to something that is gone."
    )


def _dangling(report: MemoryReport) -> str:
    variable = f"`{report.block.name}`" if report.block and report.block.name else "a local variable"
    return (
        f"{_who(report)} {_access(report)} in {variable} that does not exist any more: its function or block has ended."
    )


def _stack_overflow(report: MemoryReport) -> str:
    return f"{_who(report)} has used up the stack: a recursion without end, or very large local arrays."


def _overlap(report: MemoryReport) -> str:
    return f"{_who(report)} copies between two areas that overlap; only `memmove` may do that."


def _negative_size(report: MemoryReport) -> str:
    return f"{_who(report)} gives a negative size, which counts as a huge one ({report.text})."


def _other(report: MemoryReport) -> str:
    if report.tool == "UndefinedBehaviorSanitizer":
        return f"{_who(report)}: {report.text}. In C that is undefined: the compiler may assume it never happens."
    return f"{_who(report)}: {report.text}."


_SENTENCES: dict[str, Callable[[MemoryReport], str]] = {
    "heap-buffer-overflow": _overflow,
    "stack-buffer-overflow": _overflow,
    "stack-buffer-underflow": _overflow,
    "dynamic-stack-buffer-overflow": _overflow,
    "global-buffer-overflow": _overflow,
    "heap-use-after-free": _use_after_free,
    "double-free": _double_free,
    "bad-free": _bad_free,
    "leak": _leak,
    "uninitialised-value": _uninitialised,
    "null-dereference": _null,
    "segv": _segv,
    "stack-use-after-return": _dangling,
    "stack-use-after-scope": _dangling,
    "dangling-local": _dangling,
    "stack-overflow": _stack_overflow,
    "memcpy-param-overlap": _overlap,
    "strcpy-param-overlap": _overlap,
    "strcat-param-overlap": _overlap,
    "param-overlap": _overlap,
    "negative-size-param": _negative_size,
}
