"""Reads what valgrind's memcheck writes with `--xml=yes`. Pure.

The format is protocol 4 of valgrind's `docs/internals/xml-output.txt`. A process that executes another program or
is killed leaves its file unfinished, at any point, so each `<error>` is read for itself.
"""

import re
from collections.abc import Iterator
from xml.etree import ElementTree

from grader.instruments.reports import Block, Frame, MemoryReport, Stack, ToolFailedError, relative

_ERROR, _ERROR_ENDS = "<error>", "</error>"
_BEGINNING = '<?xml version="1.0"?>'
_NUMBER = re.compile(r"\d{1,20}")
_SIZE = re.compile(rf"of size ({_NUMBER.pattern})")
_BLOCK = re.compile(
    r"^Address 0x[0-9a-fA-F]+ is (?P<distance>[\d,]{1,20}) bytes (?P<side>inside|after|before) "
    r"an? (?:\S+ )*?block of size (?P<size>[\d,]{1,20})"
)
_ADDRESS = re.compile(r"^Address 0x(?P<address>[0-9a-fA-F]+) ")
_FIRST_PAGE = 4096

_ACCESS = {"InvalidRead": "read", "InvalidWrite": "write"}
_UNINITIALISED = ("UninitCondition", "UninitValue")


def has_begun(text: str) -> bool:
    """Whether valgrind came so far as to run the program; it did not in a process that was killed at once."""
    return "<tool>memcheck</tool>" in text


def read_reports(text: str, pid: int) -> tuple[MemoryReport, ...]:
    """The reports in the file of process `pid`. Raises ToolFailedError for what is no file of valgrind's.

    Uninitialised bytes that are given to a system call are left out: the padding of a structure that is sent
    through a pipe is such, and harmless.
    """
    if not _BEGINNING.startswith(text[: len(_BEGINNING)]):
        raise ToolFailedError(" ".join(text.split())[:300])
    try:
        errors = [ElementTree.fromstring(found) for found in _whole_errors(text)]
    except ElementTree.ParseError as error:
        raise ToolFailedError(f"valgrind wrote no XML: {error}") from error
    return tuple(report for error in errors for report in _read_error(pid, error))


def _whole_errors(text: str) -> Iterator[str]:
    for begun in text.split(_ERROR)[1:]:
        inside, end, _rest = begun.partition(_ERROR_ENDS)
        if end:
            yield f"{_ERROR}{inside}{end}"


def _read_error(pid: int, error: ElementTree.Element) -> Iterator[MemoryReport]:
    kind = error.findtext("kind", "")
    text = error.findtext("what") or error.findtext("xwhat/text") or kind
    stacks = [_stack(stack) for stack in error.findall("stack")]
    notes = [note.text or "" for note in error.findall("auxwhat")]
    block = next((_block(note) for note in notes if _BLOCK.match(note)), None)
    freed = any(_BLOCK.match(note) and note.endswith("free'd") for note in notes)
    name = _name(kind, text, notes, freed=freed, block=block)
    if not name or not stacks:
        return
    origins = [*stacks[1:], (), ()]
    freed_at, allocated_at = (origins[0], origins[1]) if freed else ((), origins[0])
    size = _SIZE.search(text)
    yield MemoryReport(
        tool="valgrind",
        error=name,
        pid=pid,
        text=text,
        stack=stacks[0],
        access=_ACCESS.get(kind, ""),
        size=_number(error.findtext("xwhat/leakedbytes") or (size[1] if size else "")),
        blocks=0 if "indirect" in text else _number(error.findtext("xwhat/leakedblocks", "")),
        block=block,
        allocated=allocated_at,
        freed=freed_at,
    )


def _name(kind: str, text: str, notes: list[str], *, freed: bool, block: Block | None) -> str:
    """AddressSanitizer's name for an error of that kind, "" for what is no claim."""
    if kind in _UNINITIALISED:
        return "uninitialised-value"
    if kind == "Leak_DefinitelyLost":
        return "leak"
    if kind in ("InvalidFree", "MismatchedFree"):
        return "double-free" if freed and block and block.distance == 0 else "bad-free"
    if kind == "Overlap":
        return "param-overlap"
    if kind == "SyscallParam" and "unaddressable" not in text:
        return ""
    if kind in (*_ACCESS, "SyscallParam", "InvalidJump"):
        return _invalid_access(notes, freed=freed, block=block)
    return ""


def _invalid_access(notes: list[str], *, freed: bool, block: Block | None) -> str:
    if freed:
        return "heap-use-after-free"
    if block is not None:
        return "heap-buffer-overflow"
    address = next((match for note in notes if (match := _ADDRESS.match(note))), None)
    if address is not None and int(address["address"], 16) < _FIRST_PAGE:
        return "null-dereference"
    return "dangling-local" if any("stack" in note and "not stack'd" not in note for note in notes) else "segv"


def _block(note: str) -> Block:
    match = _BLOCK.match(note)
    assert match is not None
    size, distance = (_number(match[name].replace(",", "")) for name in ("size", "distance"))
    return Block(size=size, side=match["side"], distance=distance)


def _stack(stack: ElementTree.Element) -> Stack:
    return tuple(_frame(frame) for frame in stack.findall("frame"))


def _frame(frame: ElementTree.Element) -> Frame:
    folder, name = frame.findtext("dir", ""), frame.findtext("file", "")
    file = relative(f"{folder}/{name}") if name else ""
    line = _number(frame.findtext("line", ""))
    return Frame(function=frame.findtext("fn", "?"), file=file if line else "", line=line if file else 0)


def _number(text: str) -> int:
    """The number, 0 for what is none: a program may have written that."""
    return int(text) if _NUMBER.fullmatch(text) else 0
