"""Parsers of what the agent captured, one for each kernel file; pure. See proc(5).

What the agent could not read comes as an object with an `error`, and parses to None: "could not look" is never
"nothing there".
"""

import re
import stat as file_modes
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

Captured = Any
"""JSON of the agent: a text, or an object with `error`."""

_O_CLOEXEC = 0o2000000


@dataclass(frozen=True, slots=True, kw_only=True)
class Stat:
    """The fields of `/proc/PID/stat` that are used; `ignored` is a mask of the standard signals with signal 1 at bit
    0, `exit_status` the raw wait status of a zombie. `layout` is where code, stack and arguments were put at the last
    exec, by chance; None of a zombie.
    """

    pid: int
    command: str
    state: str
    ppid: int
    pgid: int
    sid: int
    terminal: int
    start_ticks: int
    ignored: int
    exit_status: int
    layout: tuple[int, ...] | None = None


def parse_stat(captured: Captured) -> Stat | None:
    """`/proc/PID/stat`; the command may hold spaces and parentheses, so it ends at the last one."""
    return _parse_stat(captured) if isinstance(captured, str) else None


@lru_cache(maxsize=16)  # each is asked for more than once, one after the other
def _parse_stat(captured: str) -> Stat:
    head, _, tail = captured.rpartition(")")
    pid, _, command = head.partition(" (")
    fields = tail.split()
    return Stat(
        pid=int(pid),
        command=command,
        state=fields[0],
        ppid=int(fields[1]),
        pgid=int(fields[2]),
        sid=int(fields[3]),
        terminal=int(fields[4]),
        start_ticks=int(fields[19]),
        ignored=int(fields[30]),
        exit_status=int(fields[49]) if len(fields) > 49 else 0,
        layout=_layout(fields),
    )


def _layout(fields: list[str]) -> tuple[int, ...] | None:
    start_code, start_stack, arg_start = (int(fields[place]) if len(fields) > place else 0 for place in (23, 25, 45))
    return (start_code, start_stack, arg_start) if start_stack else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The fields of `/proc/PID/status` that are used; masks have signal 1 at bit 0."""

    state: str
    tracer: int
    pending: int
    blocked: int
    ignored: int
    caught: int
    switches: tuple[int, int]


def parse_status(captured: Captured) -> Status | None:
    """`/proc/PID/task/TID/status`."""
    if not isinstance(captured, str):
        return None
    fields = dict(line.split(":\t", 1) for line in captured.splitlines() if ":\t" in line)
    return Status(
        state=fields["State"][:1],
        tracer=int(fields["TracerPid"]),
        pending=int(fields["SigPnd"], 16) | int(fields["ShdPnd"], 16),
        blocked=int(fields["SigBlk"], 16),
        ignored=int(fields["SigIgn"], 16),
        caught=int(fields["SigCgt"], 16),
        switches=(int(fields["voluntary_ctxt_switches"]), int(fields["nonvoluntary_ctxt_switches"])),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemCall:
    """`/proc/PID/syscall` of a blocked thread; `name` is "" for a call that is not in the tables."""

    number: int
    name: str
    arguments: tuple[int, ...]
    stack_pointer: int = 0


def parse_syscall(captured: Captured, names: dict[int, str]) -> SystemCall | None:
    """None when the thread runs, is not in a call, or could not be looked at."""
    if not isinstance(captured, str):
        return None
    fields = captured.split()
    if len(fields) < 8 or fields[0] in ("running", "-1"):
        return None
    number = int(fields[0])
    return SystemCall(
        number=number,
        name=names.get(number, ""),
        arguments=tuple(int(field, 16) for field in fields[1:7]),
        stack_pointer=int(fields[7], 16),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDescriptor:
    """One row of a descriptor table.

    `target` is the link's text (`pipe:[21809]`, a path, `anon_inode:[eventfd]`); `identity` names the object: two
    descriptors of one object have the same. `cloexec` is None where the capture did not ask. `info` is the
    text of `fdinfo`, "" likewise. `socket_has_timeout` is true unless it is known that a socket has none.
    Of what is told by its number, `copy_of` is the first number in the table that is of the same object.
    """

    number: int
    target: str
    identity: str
    readable: bool
    writable: bool
    is_fifo: bool
    cloexec: bool | None = None
    info: str = ""
    socket_family: int | None = None
    socket_has_timeout: bool = True
    copy_of: int | None = None

    @property
    def original(self) -> str:
        """The `identity` of what it is a copy of within its table, else its own."""
        is_copy = self.copy_of is not None and self.is_told_by_number
        return f"{self.target}@{self.copy_of}" if is_copy else self.identity

    @property
    def inode(self) -> int | None:
        """The inode's number as `fdinfo` tells it (from Linux 5.14 on); None if it does not."""
        found = re.search(r"^ino:\t(\d+)$", self.info, re.MULTILINE)
        return int(found[1]) if found else None

    @property
    def is_anonymous(self) -> bool:
        """Whether it shares its inode with others: an eventfd, a timerfd, an epoll instance, …"""
        return self.target.startswith("anon_inode:")

    @property
    def is_told_by_number(self) -> bool:
        """Whether nothing but its number tells it from others of its kind."""
        return self.identity == f"{self.target}@{self.number}"

    @property
    def access(self) -> str:
        """`r`, `w` or `rw`."""
        return ("r" if self.readable else "") + ("w" if self.writable else "")


def parse_descriptors(captured: Captured) -> tuple[FileDescriptor, ...] | None:
    """A captured descriptor table in order; None if the table, or a row of it, could not be read."""
    if "error" in captured:
        return None
    rows = []
    for number, row in captured.items():
        if "error" in row:
            if row["error"] == "ENOENT":  # closed by another thread while the table was read
                continue
            return None
        if row.keys() <= _PLAIN:
            rows.append(_plain_descriptor(int(number), row["link"], row["mode"], *row.get("file", ())))
        else:
            rows.append(_parse_descriptor(int(number), row))
    return tuple(sorted(rows, key=lambda row: row.number))


_PLAIN = {"link", "mode", "file"}


@lru_cache(maxsize=1024)  # most of a table is what its process was born with
def _plain_descriptor(number: int, target: str, mode: int, *file: int) -> FileDescriptor:
    return _parse_descriptor(number, {"link": target, "mode": mode, "file": file})


def _parse_descriptor(number: int, row: dict[str, Any]) -> FileDescriptor:
    target = row["link"]
    file = row.get("file")
    info = row.get("info", "")
    info = info if isinstance(info, str) else ""
    flags = re.search(r"^flags:\t([0-7]+)$", info, re.MULTILINE)
    options = row.get("socket") or {}
    return FileDescriptor(
        number=number,
        target=target,
        identity=f"{file[0]}:{file[1]}" if file else _anonymous_identity(number, target, info),
        readable=bool(row["mode"] & file_modes.S_IRUSR),
        writable=bool(row["mode"] & file_modes.S_IWUSR),
        is_fifo=target.startswith("pipe:[") or bool(file and file_modes.S_ISFIFO(file[2])),
        cloexec=bool(int(flags[1], 8) & _O_CLOEXEC) if flags else None,
        info=info,
        socket_family=options.get("family"),
        socket_has_timeout=not options or any(any(timeout) for timeout in options["timeouts"]),
        copy_of=row.get("copy_of"),
    )


def _anonymous_identity(number: int, target: str, info: str) -> str:
    """Pipes and sockets have their number; epoll, timerfd and their like share one inode.

    The kernel tells eventfds apart in fdinfo; the others are told apart by descriptor number, which a copy over fork
    or exec keeps.
    """
    if not target.startswith("anon_inode:"):
        return target
    found = re.search(r"^eventfd-id:\s*(\d+)$", info, re.MULTILINE)
    return f"{target}#{found[1]}" if found else f"{target}@{number}"


def is_standard(descriptor: FileDescriptor) -> bool:
    """Whether it is standard input, output or error."""
    return descriptor.number <= 2


def parse_cmdline(captured: Captured) -> tuple[str, ...]:
    """`/proc/PID/cmdline`; empty for a zombie or when unreadable."""
    if not isinstance(captured, str) or not captured:
        return ()
    return tuple(captured.removesuffix("\0").split("\0"))
