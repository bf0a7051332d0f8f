"""One thing that a memory or thread checker reported, as a value: the tools' texts differ, these do not."""

from dataclasses import dataclass

WORK_FOLDER = "/work/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A function on a stack. `file` is relative to the work folder, and "" for code that is not the student's."""

    function: str
    file: str = ""
    line: int = 0

    @property
    def is_students(self) -> bool:
        return bool(self.file)

    def __str__(self) -> str:
        return f"`{self.function}` ({self.file}:{self.line})"


Stack = tuple[Frame, ...]
"""Innermost first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The memory next to or in which an access was: of the heap, or a variable if it has a `name`.

    `distance` counts bytes from the `side`: `after` its end, `before` its start, or `inside` from its start.
    """

    size: int
    side: str
    distance: int
    name: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryReport:
    """One misuse of memory, or another undefined behaviour.

    `error` is AddressSanitizer's word for it where it has one (`heap-use-after-free`), `text` the tool's own first
    line. `access` is `read` or `write` where the tool says, `size` the bytes of the access or of the leak, `blocks`
    the number of blocks leaked. `ended` tells that the tool stopped the process there. `address` is where a fault was:
    what the kernel told with the signal.
    """

    tool: str
    error: str
    pid: int
    text: str
    stack: Stack
    access: str = ""
    size: int = 0
    block: Block | None = None
    blocks: int = 0
    allocated: Stack = ()
    freed: Stack = ()
    ended: bool = False
    address: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadAccess:
    """What one thread did: `what` is a verb in the third person, `created` is where the thread was started."""

    what: str
    size: int
    thread: str
    stack: Stack
    created: Stack = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RaceReport:
    """Two accesses that nothing orders, or a lock misused; `error` is ThreadSanitizer's title.

    `variable` is the name of a global, or ""; `allocated` is where a heap block came from; `location` is
    ThreadSanitizer's own word about the memory.
    """

    error: str
    pid: int
    accesses: tuple[ThreadAccess, ...]
    variable: str = ""
    location: str = ""
    allocated: Stack = ()


class ToolFailedError(Exception):
    """The tool itself gave up, so it has not looked; the message is what it said."""


def students(stack: Stack) -> Stack:
    """The student's own frames of a stack."""
    return tuple(frame for frame in stack if frame.is_students)


def relative(path: str) -> str:
    """A path below the work folder, relative to it; "" for any other."""
    return path.removeprefix(WORK_FOLDER) if path.startswith(WORK_FOLDER) else ""
