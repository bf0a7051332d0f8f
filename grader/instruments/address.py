"""Reads the reports of AddressSanitizer and LeakSanitizer. Pure.

Both write `==PID==ERROR: AddressSanitizer: …` and then stacks with headings; AddressSanitizer ends the process after
its first report, LeakSanitizer writes when the process ends.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from grader.instruments.reports import Block, MemoryReport, ToolFailedError
from grader.instruments.sanitizer_text import gave_up, read_stack, stack_below

_ERROR = re.compile(r"^==(?P<pid>\d{1,20})==ERROR: (?P<tool>\w+Sanitizer): (?P<text>.+)$")
_LEAK = re.compile(r"^(?:Direct|Indirect) leak of (?P<bytes>\d{1,20}) byte\(s\) in (?P<blocks>\d{1,20}) object\(s\)")
_ACCESS = re.compile(r"^(?P<access>READ|WRITE) of size (?P<size>\d{1,20})")
_FAULT = re.compile(r"caused by a (?P<access>READ|WRITE) memory access")
_REGION = re.compile(
    r"is located (?P<distance>\d{1,20}) bytes (?P<side>inside of|to the right of|to the left of|after|before) "
    r"(?:(?P<size>\d{1,20})-byte region|global variable '(?P<name>[^']*)'.*? of size (?P<variable>\d{1,20}))"
)
_VARIABLE = re.compile(
    r"^\s+\[(?P<start>\d{1,20}), (?P<end>\d{1,20})\) '(?P<name>[^']+)'(?: \(line (?P<line>\d{1,20})\))? "
    r"<== Memory access at offset (?P<offset>\d{1,20})"
)
_ADDRESS = re.compile(r"unknown address 0x(?P<address>[0-9a-f]+)")
_ALLOCATED = re.compile(r"^(?:previously )?allocated by thread")
_FREED = re.compile(r"^freed by thread")

_LOST_STACK = "ASan is ignoring requested __asan_handle_no_return"

_MOVING_THREAD = "False leaks are possible"

_SIDES = {"inside of": "inside", "to the right of": "after", "to the left of": "before"}
_SIGNALS = {"SEGV": "segv", "BUS": "segv", "FPE": "arithmetic-fault", "ILL": "illegal-instruction"}


def read_reports(text: str) -> tuple[MemoryReport, ...]:
    """Every report in one process's file. Raises ToolFailedError for a text that has none, or a doubtful one."""
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines) if _ERROR.match(line)]
    reports = [report for start, end in pairwise([*starts, len(lines)]) for report in _read_block(lines[start:end])]
    if not starts and (said := gave_up(lines)):
        raise ToolFailedError(said)
    if _LOST_STACK in text and any(report.error.startswith("stack-") for report in reports):
        raise ToolFailedError("it lost track of the stack, so what it says about the stack may be wrong")
    if _MOVING_THREAD in text and reports:
        raise ToolFailedError("a thread could not be stopped, so what it says about leaks may be wrong")
    return tuple(reports)


def _read_block(lines: Sequence[str]) -> Iterator[MemoryReport]:
    error = _ERROR.match(lines[0])
    assert error is not None
    if error["tool"] == "LeakSanitizer":
        yield from _leaks(int(error["pid"]), lines)
        return
    address = _ADDRESS.search(error["text"])
    access = next((match for line in lines if (match := _ACCESS.match(line) or _FAULT.search(line))), None)
    yield MemoryReport(
        tool=error["tool"],
        error=_name(error["text"], lines),
        pid=int(error["pid"]),
        text=error["text"],
        stack=read_stack(lines, _first_frame(lines)),
        access=access["access"].lower() if access else "",
        size=int(access["size"]) if access and access.re is _ACCESS else 0,
        block=_block(lines),
        allocated=stack_below(lines, _ALLOCATED),
        freed=stack_below(lines, _FREED),
        ended=True,
        address=int(address["address"], 16) if address else None,
    )


def _leaks(pid: int, lines: Sequence[str]) -> Iterator[MemoryReport]:
    for number, line in enumerate(lines):
        leak = _LEAK.match(line)
        if leak is not None:
            yield MemoryReport(
                tool="LeakSanitizer",
                error="leak",
                pid=pid,
                text=line,
                stack=read_stack(lines, number + 1),
                size=int(leak["bytes"]),
                blocks=int(leak["blocks"]),
            )


def _name(text: str, lines: Sequence[str]) -> str:
    """AddressSanitizer's name for the error; a fault at an address of the first page is a `null-dereference`."""
    if text.startswith("attempting double-free"):
        return "double-free"
    if text.startswith("attempting free on address"):
        return "bad-free"
    word = text.split()[0].rstrip(":")
    name = _SIGNALS.get(word, word)
    if name == "segv" and any("address points to the zero page" in line for line in lines):
        return "null-dereference"
    return name


def _first_frame(lines: Sequence[str]) -> int:
    return next((number for number, line in enumerate(lines) if line.lstrip().startswith("#0 ")), len(lines))


def _block(lines: Sequence[str]) -> Block | None:
    for line in lines:
        region = _REGION.search(line)
        if region is not None:
            return Block(
                size=int(region["size"] or region["variable"]),
                side=_SIDES.get(region["side"], region["side"]),
                distance=int(region["distance"]),
                name=region["name"] or "",
            )
        variable = _VARIABLE.match(line)
        if variable is not None:
            return _local(variable)
    return None


def _local(variable: "re.Match[str]") -> Block:
    start, end, offset = int(variable["start"]), int(variable["end"]), int(variable["offset"])
    side, distance = ("after", offset - end) if offset >= end else ("inside", offset - start)
    if offset < start:
        side, distance = "before", start - offset
    return Block(size=end - start, side=side, distance=distance, name=variable["name"], line=int(variable["line"] or 0))
