"""What a report draws of one run: who lived when, who waited for whom, who had what open."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One process, in seconds after the beginning of the run. `execs` are the times and names of what it executed;
    `waited` is when its parent took note of its end, or ended without having done so: until then it was a zombie.
    None stands for what was not seen.
    """

    pid: int
    ppid: int | None
    command: str
    start: float
    end: float | None
    waited: float | None
    execs: tuple[tuple[float, str], ...]
    ending: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitEdge:
    """A thread that waits: `who` (`cat (pid 9)`) does `what`, and only `wakers` could end that."""

    who: str
    what: str
    wakers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDescriptor:
    """A row of a descriptor table; `opened` is the line that opened a leaked one, or ""."""

    number: int
    access: str
    target: str
    is_leaked: bool = False
    opened: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DescriptorTable:
    """What a process had open at one moment: `when` it executed something, or exited."""

    who: str
    when: str
    rows: tuple[OpenDescriptor, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One run of the program."""

    command: str
    lives: tuple[Life, ...]
    waits: tuple[WaitEdge, ...] = ()
    tables: tuple[DescriptorTable, ...] = ()
