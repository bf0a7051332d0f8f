"""What a check sees of a running program: the kernel's words as values. Pure."""

import difflib
from dataclasses import dataclass
from functools import cached_property

from grader.checks.run import CheckFailed
from grader.observe.procfs import FileDescriptor
from grader.observe.signals import signals_in_mask
from grader.observe.snapshot import ProcessState, Snapshot
from sandbox.syscall_numbers import NUMBERS

_CALLS = frozenset(name for table in NUMBERS.values() for name in table)
"""Every system call that is known by name on some machine."""

_STATES = {
    "R": "running",
    "S": "sleeping",
    "D": "sleeping",
    "T": "stopped",
    "t": "stopped",
    "Z": "zombie",
    "X": "zombie",
}


@dataclass(frozen=True, slots=True)
class Signals:
    """The signal state of a process's first thread, as sets of names such as `SIGTERM`."""

    caught: frozenset[str]
    ignored: frozenset[str]
    blocked: frozenset[str]
    pending: frozenset[str]


_NO_SIGNALS = Signals(frozenset(), frozenset(), frozenset(), frozenset())


class ProcessView:
    """One process at one moment."""

    def __init__(self, state: ProcessState) -> None:
        self._state = state
        self.pid = state.pid
        self.ppid = state.ppid
        self.pgid = state.pgid
        self.sid = state.sid
        self.command = state.command
        self.argv = state.argv
        self.threads = len(state.live_threads)

    def __repr__(self) -> str:
        return f"<{self}>"

    def __str__(self) -> str:
        return f"{self._state.label} {self.state}"

    @property
    def state(self) -> str:
        """`running`, `sleeping`, `stopped` or `zombie`."""
        return _STATES.get(self._state.state, "running")

    @property
    def fds(self) -> tuple[FileDescriptor, ...]:
        """The descriptor table; empty for a zombie."""
        return self._state.fds or ()

    @property
    def signals(self) -> Signals:
        """Dispositions, mask and pending signals."""
        for thread in self._state.live_threads:
            status = thread.status
            return Signals(
                caught=signals_in_mask(status.caught),
                ignored=signals_in_mask(status.ignored),
                blocked=signals_in_mask(status.blocked),
                pending=signals_in_mask(status.pending),
            )
        return _NO_SIGNALS

    def blocked_in(self, *calls: str, fd: int | None = None) -> bool:
        """Whether a thread sleeps in one of those system calls; with `fd`, on that descriptor (first argument).

        Raises ValueError for a call that is not known: nobody would ever be seen in it.
        """
        if unknown := [call for call in calls if call not in _CALLS]:
            near = difflib.get_close_matches(unknown[0], _CALLS, n=1)
            raise ValueError(
                f"no such system call is known: {unknown[0]!r}" + (f"; did you mean {near[0]!r}?" if near else "")
            )
        return any(
            thread.status.state == "S"
            and thread.call is not None
            and thread.call.name in calls
            and fd in (None, thread.call.arguments[0])
            for thread in self._state.live_threads
        )


class View:
    """Every process of the sandbox at one moment."""

    def __init__(self, snapshot: Snapshot, root: int) -> None:
        self._snapshot = snapshot
        self._root = root

    def __repr__(self) -> str:
        return f"<view of {self}>"

    def __str__(self) -> str:
        return ", ".join(str(process) for process in self.processes) or "no process"

    @cached_property
    def processes(self) -> tuple[ProcessView, ...]:
        """All of them, by pid."""
        return tuple(ProcessView(state) for _pid, state in sorted(self._snapshot.processes.items()))

    @property
    def root(self) -> ProcessView:
        """The program's first process; raises CheckFailed if it is gone."""
        for process in self.processes:
            if process.pid == self._root:
                return process
        raise CheckFailed("the program's first process has ended")

    def named(self, command: str) -> tuple[ProcessView, ...]:
        """The processes with that command name."""
        return tuple(process for process in self.processes if process.command == command)

    def children_of(self, pid: int) -> tuple[ProcessView, ...]:
        """The children of a process, zombies included."""
        return tuple(process for process in self.processes if process.ppid == pid)
