"""What a program's variables are made of, from its debugging information: which member an address is; pure.

The sections may be anybody's: see grader/observe/elf.py. They are read forward, and no more of them than a course's
program has.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from elftools.dwarf.compileunit import CompileUnit
from elftools.dwarf.die import DIE
from elftools.elf.elffile import ELFFile

_LIMITS = {".debug_info": 128 << 10, ".debug_abbrev": 32 << 10, ".debug_str": 256 << 10, ".debug_line_str": 64 << 10}
_MAX_STRING = 4096
_MAX_UNITS = 64
_MAX_ATTRIBUTES = 100_000
_MAX_DEPTH = 16

_AT_ADDRESS = 0x03  # DW_OP_addr
_NAMING = ("DW_TAG_const_type", "DW_TAG_volatile_type", "DW_TAG_atomic_type")


@dataclass(frozen=True, slots=True)
class Array:
    """Elements of `step` bytes each."""

    step: int
    element: "Layout"


@dataclass(frozen=True, slots=True)
class Struct:
    """Members by offset, in order."""

    members: tuple[tuple[int, str, "Layout"], ...]


Layout: TypeAlias = Array | Struct | str
"""Of a type; one that is not taken apart is its name, "" if it has none."""

LIBRARY_TYPES = {
    "pthread_mutex_t": "mutex",
    "mtx_t": "mutex",
    "pthread_cond_t": "condition variable",
    "cnd_t": "condition variable",
    "sem_t": "semaphore",
    "pthread_rwlock_t": "read-write lock",
    "pthread_barrier_t": "barrier",
    "pthread_once_t": "initialisation by pthread_once",
    "once_flag": "initialisation by call_once",
}
"""Types of the C library that threads wait for, and what to call them: nobody asks for their parts."""


def part_at(layout: Layout, offset: int) -> tuple[str, str]:
    """Which part of a variable lies there, such as `[1].lock`, and the name of its type."""
    path = ""
    while not isinstance(layout, str):
        if isinstance(layout, Array):
            path += f"[{offset // layout.step}]"
            offset, layout = offset % layout.step, layout.element
            continue
        inside = [member for member in layout.members if member[0] <= offset]
        if not inside:
            return path, ""
        start, name, layout = inside[-1]
        path += f".{name}" if name else ""
        offset -= start
    return path, layout


def read_layouts(elf: ELFFile) -> dict[int, Layout]:
    """The layout of each variable by address; empty without debugging information, or with more than is read."""
    for name, limit in _LIMITS.items():
        section = elf.get_section_by_name(name)
        if section is not None and section["sh_size"] > limit:
            return {}
        if section is not None and name.endswith("str") and max(map(len, section.data().split(b"\0"))) > _MAX_STRING:
            return {}
    if not elf.has_dwarf_info():
        return {}
    found: dict[int, Layout] = {}
    units = elf.get_dwarf_info(relocate_dwarf_sections=False).iter_CUs()
    room = _MAX_ATTRIBUTES
    for _number, unit in zip(range(_MAX_UNITS), units, strict=False):
        entries: dict[int, _Entry] = {}
        known: dict[int, Layout] = {}
        for entry in _entries(unit, entries):
            room -= 1 + entry.cost
            if room < 0:
                return found
        for entry in entries.values():
            address = entry.address
            declared = entries.get(entry.declaration, entry)
            if entry.tag == "DW_TAG_variable" and address is not None:
                found[address] = _layout(entries, entry.type or declared.type, known, _MAX_DEPTH)
    return found


@dataclass(slots=True)
class _Entry:
    """What is used of a DIE; references are offsets, 0 for none."""

    tag: str
    name: str
    type: int
    declaration: int
    size: int
    offset: int
    count: int
    address: int | None
    cost: int
    children: "list[_Entry]" = field(default_factory=list)


def _entries(unit: CompileUnit, found: dict[int, _Entry]) -> Iterator[_Entry]:
    """Every DIE of a unit, into `found` by offset. Each begins where the one before it ends: the library's own ways
    follow what the file says.
    """
    section = unit.dwarfinfo.debug_info_sec
    if section is None:
        return
    offset = unit.get_top_DIE().offset
    end = unit.cu_offset + unit["unit_length"] + unit.structs.initial_length_field_size()
    parents: list[_Entry] = []
    while offset < end:
        die = DIE(cu=unit, stream=section.stream, offset=offset)
        offset += max(1, die.size)
        if die.abbrev_code is None or die.is_null():
            if parents:
                parents.pop()
            continue
        entry = _entry(die, unit, len(unit.get_abbrev_table().get_abbrev(die.abbrev_code)["attr_spec"]))
        found[die.offset] = entry
        if parents:
            parents[-1].children.append(entry)
        if die.has_children:
            parents.append(entry)
        yield entry


def _entry(die: DIE, unit: CompileUnit, cost: int) -> _Entry:
    def number(name: str, otherwise: int = 0) -> int:
        attribute = die.attributes.get(name)
        return attribute.value if attribute is not None and isinstance(attribute.value, int) else otherwise

    def reference(name: str) -> int:
        attribute = die.attributes.get(name)
        if attribute is None or not isinstance(attribute.value, int):
            return 0
        return attribute.value if attribute.form == "DW_FORM_ref_addr" else attribute.value + unit.cu_offset

    name = die.attributes.get("DW_AT_name")
    return _Entry(
        tag=str(die.tag),
        name=name.value.decode("utf-8", "replace") if name is not None and isinstance(name.value, bytes) else "",
        type=reference("DW_AT_type"),
        declaration=reference("DW_AT_specification"),
        size=number("DW_AT_byte_size"),
        offset=number("DW_AT_data_member_location"),
        count=number("DW_AT_upper_bound", -1) + 1 or number("DW_AT_count"),
        address=_address(die.attributes.get("DW_AT_location")),
        cost=cost,
    )


def _address(location: Any) -> int | None:
    value = location.value if location is not None else None
    if isinstance(value, list) and len(value) == 9 and value[0] == _AT_ADDRESS:
        return int.from_bytes(bytes(value[1:]), "little")
    return None


def _layout(entries: Mapping[int, _Entry], reference: int, known: dict[int, Layout], depth: int) -> Layout:
    """The layout of a type; `known` has those that are made, or being made, so that none is made twice."""
    entry = entries.get(reference)
    if entry is None or depth == 0:
        return ""
    if reference not in known:
        known[reference] = ""
        known[reference] = _made(entries, entry, known, depth)
    return known[reference]


def _made(entries: Mapping[int, _Entry], entry: _Entry, known: dict[int, Layout], depth: int) -> Layout:
    if entry.tag == "DW_TAG_typedef" and entry.name in LIBRARY_TYPES:
        return entry.name
    if entry.tag == "DW_TAG_typedef" or entry.tag in _NAMING:
        return _layout(entries, entry.type, known, depth - 1)
    if entry.tag == "DW_TAG_structure_type":
        members = [child for child in entry.children if child.tag == "DW_TAG_member"]
        layouts = [_layout(entries, member.type, known, depth - 1) for member in members]
        rows = [(member.offset, member.name, layout) for member, layout in zip(members, layouts, strict=True)]
        return Struct(tuple(rows))
    if entry.tag == "DW_TAG_array_type":
        layout, step = _layout(entries, entry.type, known, depth - 1), _size(entries, entry.type, depth)
        for dimension in reversed([child for child in entry.children if child.tag == "DW_TAG_subrange_type"]):
            if step <= 0:
                return ""
            layout, step = Array(step, layout), step * dimension.count
        return layout
    return entry.name


def _size(entries: Mapping[int, _Entry], reference: int, depth: int) -> int:
    entry = entries.get(reference)
    if entry is None or depth == 0:
        return 0
    if entry.tag == "DW_TAG_typedef" or entry.tag in _NAMING:
        return _size(entries, entry.type, depth - 1)
    return entry.size
