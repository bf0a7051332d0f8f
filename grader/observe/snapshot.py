"""One moment of every process in the sandbox, as values; pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from grader.observe.procfs import (
    Captured,
    FileDescriptor,
    Status,
    SystemCall,
    parse_cmdline,
    parse_descriptors,
    parse_stat,
    parse_status,
    parse_syscall,
)

_KEPT_BY_KERNEL = 15
"""Characters of a command's name that `stat` tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadState:
    """One thread; `call` is None unless it is blocked in a system call that could be read.

    `memory` has what the call's arguments point to, by argument index as text; `around` surrounds a futex word.
    `sleeps_in` is the kernel's function where it sleeps, "" if that was not told.
    """

    tid: int
    status: Status
    call: SystemCall | None
    memory: Mapping[str, bytes]
    sleeps_in: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessState:
    """One process; `fds` is None if its table could not be read (a zombie has none)."""

    pid: int
    ppid: int
    pgid: int
    sid: int
    command: str
    argv: tuple[str, ...]
    exe: str
    state: str
    threads: tuple[ThreadState, ...]
    fds: tuple[FileDescriptor, ...] | None
    has_timers: bool
    maps: str = ""

    @property
    def is_zombie(self) -> bool:
        """Ended and not yet waited for; a leader that has exited before its threads is none."""
        return self.state == "Z" and not self.live_threads

    @property
    def live_threads(self) -> tuple[ThreadState, ...]:
        """The threads that have not exited."""
        return tuple(thread for thread in self.threads if thread.status.state not in "ZX")

    @property
    def name(self) -> str:
        """Its command; in full, where the kernel has kept no more than the beginning."""
        full = self.argv[0].rpartition("/")[2] if self.argv else ""
        return full if len(self.command) >= _KEPT_BY_KERNEL and full.startswith(self.command) else self.command

    @property
    def label(self) -> str:
        """As explanations name it."""
        return f"`{self.name}` (pid {self.pid})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Processes by pid. `outside` has the pipe ends the check holds: identity to access. `complete` is False if
    something of a process could not be read that should have been.
    """

    processes: Mapping[int, ProcessState]
    outside: Mapping[str, str]
    time: float
    complete: bool
    locks: str = ""

    @property
    def live_threads(self) -> list[tuple[ProcessState, ThreadState]]:
        """Every thread that has not exited, with its process."""
        return [(process, thread) for process in self.processes.values() for thread in process.live_threads]


def parse_snapshot(captured: Captured, syscall_names: dict[int, str]) -> Snapshot:
    """The agent's snapshot; processes that vanished while it was taken are left out and make it incomplete."""
    processes = {}
    complete = True
    for pid, facts in captured["processes"].items():
        process = _parse_process(facts, syscall_names)
        if process is None:
            complete = False
            continue
        processes[int(pid)] = process
        complete = complete and (process.is_zombie or process.fds is not None)
    return Snapshot(
        processes=processes,
        outside=captured["outside"],
        time=captured.get("time", 0.0),
        complete=complete,
        locks=_text(captured.get("locks")),
    )


def _text(captured: Captured) -> str:
    return captured if isinstance(captured, str) else ""


def _parse_process(facts: Captured, syscall_names: dict[int, str]) -> ProcessState | None:
    stat = parse_stat(facts["stat"])
    if stat is None:
        return None
    threads = []
    for tid, task in facts["tasks"].items():
        status = parse_status(task["status"])
        if status is None:
            return None
        call = parse_syscall(task["syscall"], syscall_names)
        memory = {
            index: bytes.fromhex(content)
            for index, content in task.get("memory", {}).items()
            if isinstance(content, str)
        }
        place = _text(task.get("wchan")).removeprefix("0")
        threads.append(ThreadState(tid=int(tid), status=status, call=call, memory=memory, sleeps_in=place))
    timers = facts.get("timers", "")
    exe = facts["exe"]
    return ProcessState(
        pid=stat.pid,
        ppid=stat.ppid,
        pgid=stat.pgid,
        sid=stat.sid,
        command=stat.command,
        argv=parse_cmdline(facts["cmdline"]),
        exe=exe if isinstance(exe, str) else "",
        state=stat.state,
        threads=tuple(threads),
        fds=parse_descriptors(facts["fds"]),
        has_timers=not isinstance(timers, str) or bool(timers),
        maps=_text(facts.get("maps")),
    )
