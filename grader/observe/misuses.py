"""Calls that named a descriptor which was not open, or not open for that: the kernel answers EBADF. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from grader.observe.origins import LineTable, caller
from grader.observe.source import Source
from sandbox.wire import Event

_NUMBERS_SHOWN = 4


@dataclass(frozen=True, slots=True)
class DescriptorError:
    """`count` calls of `call` (`close`) from one line with the descriptors `fds`, which were not open, or else not
    for that: for the other direction only, or with O_PATH for none.
    """

    call: str
    fds: tuple[int, ...]
    is_open: bool
    source: Source | None
    count: int

    def __str__(self) -> str:
        why = "not open"
        if self.is_open:
            why = f"not open for {'reading' if self.call.startswith('read') else 'writing'}"
        numbers = ", ".join(map(str, self.fds[:_NUMBERS_SHOWN])) + (", …" if len(self.fds) > _NUMBERS_SHOWN else "")
        place = f" at {self.source.file}:{self.source.line}" if self.source else ""
        times = f", {self.count} times" if self.count > 1 else ""
        return f"{self.call} on fd {numbers}{place}: {why} (EBADF){times}"


def read_misuses(events: Iterable[Event], exe: str, lines: LineTable | None) -> tuple[DescriptorError, ...]:
    """The wrong uses in a traced run, in the order of their first occurrence, like ones counted together."""
    numbers: dict[tuple[str, bool, Source | None], Counter[int]] = {}
    seen: set[int] = set()
    for event in events:
        if event.kind in ("birth", "exec"):
            seen.add(event.pid)
        if event.kind == "misuse":
            facts = event.facts
            source = caller(facts, exe, lines) if lines is not None else None
            if source is None and lines is not None and event.pid not in seen:
                continue  # of posix_spawn(3), before the exec: it closes what it is to open, open or not
            numbers.setdefault((facts["call"], facts["is_open"], source), Counter())[facts["fd"]] += 1
    return tuple(
        DescriptorError(call, tuple(counts), is_open, source, counts.total())
        for (call, is_open, source), counts in numbers.items()
    )
