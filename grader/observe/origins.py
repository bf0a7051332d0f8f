"""Where descriptors were opened: from the events of a traced run to the student's source lines; pure.

The caller is found on the captured stack: the first word that points into the program's own code, right behind a
call instruction. It decides nothing; it tells a student where to look.
"""

import struct
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

from elftools.elf.elffile import ELFFile

from grader.observe.elf import MAX_ROWS, UnreadableProgramError, reading
from grader.observe.procfs import parse_cmdline, parse_stat
from grader.observe.source import Source
from grader.observe.symbols import load_base
from sandbox.wire import Event, Facts

_PAIRS = frozenset({"pipe", "pipe2", "socketpair"})
_GIVEN = frozenset({"dup2", "dup3"})

_RECEIVING = frozenset({"recvmsg", "recvmmsg"})

_MOST_RECEIVED = 16
"""How many descriptors a message is taken to bring: how many it did is known only later."""


@dataclass(frozen=True, slots=True)
class Origins:
    """By process, the line that opened each descriptor number: `at_exec` when it executed a command, `last` in the
    end.
    """

    last: Mapping[int, Mapping[int, Source]]
    at_exec: Mapping[tuple[int, str], Mapping[int, Source]]


@dataclass(frozen=True, slots=True)
class LineTable:
    """The program's code and which lines it comes from: `starts` and `sources` side by side, sorted."""

    code: bytes
    code_address: int
    relocatable: bool
    starts: tuple[int, ...]
    sources: tuple[Source | None, ...]

    def source_at(self, address: int) -> Source | None:
        """The line of the instruction at an address of the file."""
        index = bisect_right(self.starts, address) - 1
        return self.sources[index] if index >= 0 else None

    def follows_call(self, address: int) -> bool:
        """Whether a call instruction ends right before `address`, so that it can be a return address."""
        offset = address - self.code_address
        if not 0 < offset <= len(self.code):
            return False
        before = self.code[max(0, offset - 7) : offset]
        near = len(before) >= 5 and before[-5] == 0xE8
        indirect = any(
            len(before) >= size and before[-size] == 0xFF and before[-size + 1] >> 3 & 7 == 2 for size in (2, 3, 6, 7)
        )
        arm_call = offset % 4 == 0 and len(before) >= 4 and before[-1] & 0xFC == 0x94
        return near or indirect or arm_call


def read_lines(program: bytes) -> LineTable | None:
    """The line table of an ELF file with DWARF; None if it has none."""
    try:
        with reading(program) as elf:
            text = elf.get_section_by_name(".text")
            if text is None or not elf.has_dwarf_info():
                return None
            rows = sorted(islice(_rows(elf), MAX_ROWS), key=lambda row: row[0])
            return LineTable(
                code=text.data(),
                code_address=text["sh_addr"],
                relocatable=elf["e_type"] == "ET_DYN",
                starts=tuple(address for address, _source in rows),
                sources=tuple(source for _address, source in rows),
            )
    except UnreadableProgramError:
        return None


def _rows(elf: ELFFile) -> Iterable[tuple[int, Source | None]]:
    dwarf = elf.get_dwarf_info()
    for unit in dwarf.iter_CUs():
        program = dwarf.line_program_for_CU(unit)
        if program is None:
            continue
        files = program["file_entry"]
        first = 0 if program["version"] >= 5 else 1
        for entry in program.get_entries():
            state = entry.state
            if state is None:
                continue
            if state.end_sequence:
                yield state.address, None
                continue
            name = files[state.file - first].name.decode("utf-8", "replace")
            yield state.address, Source(file=name.removeprefix("./"), line=state.line)


def find_origins(events: Iterable[Event], exe: str, lines: LineTable) -> Origins:
    """Follow every descriptor of a traced run from the call that made it, over forks."""
    tables: dict[int, dict[int, Source]] = {}
    at_exec: dict[tuple[int, str], dict[int, Source]] = {}
    for event in events:
        facts = event.facts
        if event.kind not in ("open", "birth", "exec"):
            continue
        if event.pid not in tables:
            stat = parse_stat(facts["stat"])
            tables[event.pid] = dict(tables.get(stat.ppid if stat else 0, {}))
        table = tables[event.pid]
        if event.kind == "exec":
            at_exec.setdefault((event.pid, " ".join(parse_cmdline(facts["cmdline"]))), dict(table))
        elif event.kind == "open":
            for child in facts["children"]:  # its copy is of before, even if it is heard of only later
                tables.setdefault(child, dict(table))
            for number in table.keys() - set(facts["taken"]):
                del table[number]
            source = caller(facts, exe, lines)
            for number in _made(facts):
                table.pop(number, None)
                if source is not None:
                    table[number] = source
    return Origins(last=tables, at_exec=at_exec)


def _made(facts: Facts) -> list[int]:
    """The numbers the call will give: the lowest that are free, see open(2), or the one it names."""
    call, arguments, taken = facts["call"], facts["args"], set(facts["taken"])
    if call in _GIVEN:
        return [arguments[1]]
    lowest = arguments[2] if call == "fcntl" else 0
    made: list[int] = []
    number = lowest
    while len(made) < (_MOST_RECEIVED if call in _RECEIVING else 2 if call in _PAIRS else 1):
        if number not in taken:
            made.append(number)
        number += 1
    return made


def caller(facts: Facts, exe: str, lines: LineTable) -> Source | None:
    """The student's line that a captured call comes from; None if it cannot be found."""
    stack, maps = facts["stack"], facts["maps"]
    if not isinstance(stack, str) or not isinstance(maps, str):
        return None
    base = load_base(maps, exe) if lines.relocatable else 0
    if base is None:
        return None
    content = bytes.fromhex(stack)
    for (word,) in struct.iter_unpack("=Q", content[: len(content) // 8 * 8]):
        address = word - base
        if lines.follows_call(address):
            source = lines.source_at(address - 1)
            if source is not None:
                return source
    return None
