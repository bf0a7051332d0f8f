"""What is said of a blocked thread, and what that is judged by; pure.

A judgement either names the threads that could end the wait (`Wait`) or says why it may end without them (`Free`). What
is not understood is free: a deadlock is claimed only of waits that are known through and through.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from grader.observe.procfs import FileDescriptor
from grader.observe.signals import NUMBER_OF_SIGNAL
from grader.observe.snapshot import ProcessState, Snapshot, ThreadState


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A blocked thread that only threads of the program could wake.

    `wakers` are thread ids. `does` says what it waits for and `because` who could end that, both to follow the
    process's label in a sentence.
    """

    process: ProcessState
    tid: int
    wakers: frozenset[int]
    does: str
    because: str
    resource: str

    @property
    def sentence(self) -> str:
        """What it waits for, in words."""
        because = f"; {self.because}" if self.because else ""
        return f"{label_of(self.process, self.tid)} {self.does}{because}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Free:
    """A thread that could go on by itself or by something outside; `reason` says what."""

    process: ProcessState
    tid: int
    reason: str

    @property
    def sentence(self) -> str:
        """What it does, in words."""
        return f"{label_of(self.process, self.tid)} {self.reason}."


@dataclass(frozen=True, slots=True)
class Name:
    """A variable, or a part of one, and what it is, such as `semaphore`: "" if that is not known."""

    text: str
    kind: str = ""

    def __bool__(self) -> bool:
        return bool(self.text)


NO_NAME = Name("")
NameOf: TypeAlias = Callable[[ProcessState, int], Name]
"""Finds the variable at an address of a process; `NO_NAME` if there is none."""


def no_names(process: ProcessState, address: int) -> Name:
    """A `NameOf` that knows no variables."""
    return NO_NAME


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """All that a wait is judged by: every process, the timers that will fire, names for addresses.

    `signals_from_outside`: a check is at hand that may send signals, SIGCONT among them. `handlers_may_run`:
    somebody may send those signals that the program has installed handlers for. `still_seconds`: for how long nothing
    has moved.
    """

    snapshot: Snapshot
    armed: Mapping[int, str]
    name_of: NameOf
    signals_from_outside: bool = False
    handlers_may_run: bool = False
    still_seconds: float = math.inf


_MAPPING = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) ...(.)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One blocked thread in its world."""

    thread: ThreadState
    process: ProcessState
    world: World

    @property
    def arguments(self) -> tuple[int, ...]:
        """Of the system call it is blocked in."""
        assert self.thread.call is not None
        return self.thread.call.arguments

    def free(self, reason: str) -> Free:
        """It could go on."""
        return Free(process=self.process, tid=self.thread.tid, reason=reason)

    def wait(self, wakers: Iterable[int], does: str, because: str = "", resource: str = "") -> Wait:
        """Only `wakers` could end it; the thread itself cannot, as it waits."""
        return Wait(
            process=self.process,
            tid=self.thread.tid,
            wakers=frozenset(wakers) - {self.thread.tid},
            does=does,
            because=because,
            resource=resource,
        )

    def descriptor(self, number: int) -> FileDescriptor | None:
        """A row of its process's table."""
        return next((fd for fd in self.process.fds or () if fd.number == number), None)

    @property
    def mappings(self) -> list[tuple[int, int, bool]]:
        """Of its process's memory: from, to, and whether others may have it, too. See proc_pid_maps(5)."""
        rows = _MAPPING.findall(self.process.maps)
        return [(int(first, 16), int(last, 16), shared == "s") for first, last, shared in rows]

    @property
    def others(self) -> frozenset[int]:
        """Every other thread there is."""
        threads = self.world.snapshot.live_threads
        return frozenset(thread.tid for _process, thread in threads) - {self.thread.tid}

    @property
    def siblings(self) -> frozenset[int]:
        """The other threads of its process."""
        return frozenset(thread.tid for thread in self.process.live_threads) - {self.thread.tid}


def is_in_shared_memory(place: Place, address: int) -> bool:
    """Whether an address of its process is one of a mapping that is shared."""
    return any(is_shared and first <= address < last for first, last, is_shared in place.mappings)


def nobody_goes_on(place: Place, help_: str) -> str:
    """That nobody could do what would help: everybody waits, if there is anybody else at all."""
    return f"everybody who could {help_} waits, too" if place.others else f"nobody is left who could {help_}"


def label_of(process: ProcessState, tid: int) -> str:
    """A process's label, with the thread where there are several."""
    if len(process.live_threads) > 1:
        return f"{'the main thread' if tid == process.pid else f'thread {tid}'} of {process.label}"
    return process.label


def threads_of(processes: Iterable[ProcessState]) -> frozenset[int]:
    """Their live threads."""
    return frozenset(thread.tid for process in processes for thread in process.live_threads)


# Signals that somebody outside could mean to send; the others come from the kernel or the program itself.
_SENT_FROM_OUTSIDE = sum(
    1 << (NUMBER_OF_SIGNAL[f"SIG{name}"] - 1)
    for name in ("HUP", "INT", "QUIT", "USR1", "USR2", "ALRM", "TERM", "CONT", "TSTP", "WINCH", "IO", "PWR")
) | sum(1 << (number - 1) for number in range(34, 65))


_INTERPRETER = re.compile(r"(busybox|([a-z]*sh)|(perl|python|ruby|lua|tclsh|node|php|expect)[0-9.]*)")
_MAY_SET_TRAPS = re.compile(r"""[$`'"\\]|\b(trap|eval|source)\b|(^|[\s;&|({])\.\s""")


def _runs_own_handlers(process: ProcessState) -> bool:
    """Whether its handlers could be the student's: not those of a program of the system that runs no script, nor those
    of a shell that runs a command of `system` or `popen`, unless that sets traps.

    `sort` removes its temporary files and ends, a shell ends, as they would without a handler.
    """
    folder, _, name = process.exe.rpartition("/")
    if folder not in ("/bin", "/usr/bin"):
        return True
    if name.endswith("sh") and process.argv[1:2] == ("-c",):
        return any(_MAY_SET_TRAPS.search(argument) for argument in process.argv[2:])
    return bool(_INTERPRETER.fullmatch(name))


def has_handler_for_outside(process: ProcessState) -> bool:
    """Whether a signal from outside could make the process run a handler, which could do what a wait is for."""
    if not _runs_own_handlers(process):
        return False
    return any(thread.status.caught & ~thread.status.blocked & _SENT_FROM_OUTSIDE for thread in process.live_threads)
