"""Opening a program's file. Its author may have made every byte of it, debugging sections included, so that whatever
goes wrong while it is read says only that it cannot be read, and nothing of it is unpacked or goes on for ever.
"""

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from elftools.common.exceptions import DWARFError, ELFError
from elftools.construct import ConstructError
from elftools.elf.elffile import ELFFile

from grader.observe.within import within

MAX_SECTIONS = 1000
MAX_ROWS = 200_000
"""Symbols or lines read of one program: a program of a course has some hundred."""

MAX_LINE_BYTES = 256 << 10
"""Of the table of lines, each byte of which can become half a kilobyte here: some ten thousand lines of C."""

READING_SECONDS = 3.0
"""Of computing. A few hundred bytes can make a list without end, or one thing be read anew for each of many others."""

_SHF_COMPRESSED = 1 << 11

# What elftools raises on made-up files: it checks little.
_FAULTS = (
    *(ELFError, DWARFError, ConstructError, struct.error, LookupError, TypeError, ValueError, ArithmeticError),
    *(AttributeError, AssertionError, NotImplementedError, EOFError, MemoryError, RecursionError),
)


class UnreadableProgramError(Exception):
    """It is no ELF file, or one that no compiler makes."""


@contextmanager
def reading(program: bytes) -> Iterator[ELFFile]:
    """The file, for the block; raises UnreadableProgramError for whatever goes wrong in it."""
    try:
        with within(READING_SECONDS, UnreadableProgramError("it takes too long to read")):
            yield from _opened(program)
    except _FAULTS as error:
        raise UnreadableProgramError(f"{type(error).__name__}: {error}") from error


def _opened(program: bytes) -> Iterator[ELFFile]:
    elf = ELFFile(io.BytesIO(program))
    if elf.num_sections() > MAX_SECTIONS:
        raise UnreadableProgramError("it has too many sections")
    for section in elf.iter_sections():
        if section["sh_flags"] & _SHF_COMPRESSED or section.name.startswith(".zdebug"):
            raise UnreadableProgramError("it is compressed, perhaps beyond any memory")
        if section.name == ".debug_line" and section["sh_size"] > MAX_LINE_BYTES:
            raise UnreadableProgramError("it has too many lines")
    yield elf
