"""Names of variables by address, from a program's symbol table; pure over the bytes of the ELF file."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import Symbol, SymbolTableSection

from grader.observe.blocking import NO_NAME, Name, NameOf
from grader.observe.elf import MAX_ROWS, UnreadableProgramError, reading
from grader.observe.layouts import LIBRARY_TYPES, Layout, part_at, read_layouts
from grader.observe.snapshot import ProcessState

_LOCK_SIZES = (40, 48, 32, 56)
"""Sizes of the C library's mutex, condition variable, semaphore or barrier, read-write lock on 64-bit machines: an
array of them is named by its element where there is no debugging information."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A data object: its name, its address in the file, its size in bytes."""

    name: str
    address: int
    size: int


@dataclass(frozen=True, slots=True)
class Symbols:
    """The data objects of a program; `relocatable` if they are offsets from where it was loaded. `layouts` are those
    of the variables at these addresses.
    """

    variables: tuple[Variable, ...]
    relocatable: bool
    layouts: Mapping[int, Layout] = field(default_factory=dict)

    def name_at(self, address: int) -> Name:
        """`forks[2]`, `bank[1].lock`, `state+8`; no name if no variable is there."""
        for variable in self.variables:
            offset = address - variable.address
            if not 0 <= offset < variable.size:
                continue
            if variable.address not in self.layouts:
                return Name(_element(variable, offset))
            part, its_type = part_at(self.layouts[variable.address], offset)
            return Name(f"{variable.name}{part}", LIBRARY_TYPES.get(its_type, "futex" if its_type else ""))
        return NO_NAME


def _element(variable: Variable, offset: int) -> str:
    for size in _LOCK_SIZES:
        if variable.size > size and variable.size % size == 0 and offset % size < 16:
            return f"{variable.name}[{offset // size}]"
    return variable.name if offset < 16 or variable.size in _LOCK_SIZES else f"{variable.name}+{offset}"


def read_symbols(program: bytes) -> Symbols:
    """The symbol table of an ELF file; empty if it has none or is no ELF file."""
    try:
        with reading(program) as elf:
            variables = [
                Variable(_LOCAL.sub("", symbol.name), symbol["st_value"], symbol["st_size"])
                for symbol in islice(_symbols(elf), MAX_ROWS)
                if symbol["st_info"]["type"] == "STT_OBJECT" and symbol["st_size"]
            ]
            relocatable = elf["e_type"] == "ET_DYN"
    except UnreadableProgramError:
        return Symbols((), False)
    try:
        with reading(program) as elf:
            return Symbols(tuple(variables), relocatable, read_layouts(elf))
    except UnreadableProgramError:
        return Symbols(tuple(variables), relocatable)


_LOCAL = re.compile(r"\.\d+$")
"""What the compiler appends to the name of a static variable of a function."""


def _symbols(elf: ELFFile) -> Iterator[Symbol]:
    for section in elf.iter_sections():
        if isinstance(section, SymbolTableSection):
            yield from section.iter_symbols()


def load_base(maps: str, exe: str) -> int | None:
    """Where the file `exe` begins in memory, from `/proc/PID/maps`; None if it is not mapped."""
    for line in maps.splitlines():
        fields = line.split(maxsplit=5)
        if len(fields) == 6 and fields[5] == exe and int(fields[2], 16) == 0:
            return int(fields[0].partition("-")[0], 16)
    return None


def names_from(programs: Mapping[str, Symbols]) -> NameOf:
    """A `NameOf` over the programs that processes may run, by path."""

    def name_of(process: ProcessState, address: int) -> Name:
        symbols = programs.get(process.exe)
        base = load_base(process.maps, process.exe)
        if symbols is None or base is None:
            return NO_NAME
        return symbols.name_at(address - base if symbols.relocatable else address)

    return name_of
