"""Findings: what a program did wrong, each with its proof."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from grader.observe.source import Source

__all__ = ["Finding", "FindingKind", "Source"]


class FindingKind(StrEnum):
    """The fixed names; results, JUnit types and checks all use these."""

    FD_LEAK_EXIT = "fd-leak-exit"
    FD_LEAK_EXEC = "fd-leak-exec"
    FD_LEAK_GROWTH = "fd-leak-growth"
    ZOMBIE = "zombie"
    ORPHAN = "orphan"
    DEADLOCK = "deadlock"
    TIMEOUT = "timeout"
    CRASH = "crash"
    SIGNAL = "signal"
    OUTPUT_LIMIT = "output-limit"
    MEMORY_LIMIT = "memory-limit"
    PROCESS_LIMIT = "process-limit"
    MEMORY_ERROR = "memory-error"
    RACE = "race"

    @classmethod
    def _missing_(cls, value: object) -> "FindingKind":
        raise ValueError(f"no such kind of finding: {value!r}; there are {', '.join(cls)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One proven defect.

    `process` is the command name, `pid` its number inside the sandbox, `fd` the descriptor, `resource` the
    object concerned (`pipe:[21809]`, `/work/log.txt`, `child 12`); None where a field does not apply.
    `message` explains in one or two sentences to a student; `evidence` holds the facts behind it, as JSON
    values (texts, numbers, lists of texts).
    """

    kind: FindingKind
    message: str
    process: str | None = None
    pid: int | None = None
    fd: int | None = None
    resource: str | None = None
    source: Source | None = None
    evidence: Mapping[str, object] = field(default_factory=dict)
