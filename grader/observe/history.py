"""The life of a run, from the agent's events: every process, what it executed, what it had open, how it ended. Pure."""

import math
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from grader.observe.procfs import (
    Captured,
    FileDescriptor,
    parse_cmdline,
    parse_descriptors,
    parse_stat,
)
from grader.observe.signals import NUMBER_OF_SIGNAL, WaitStatus, signal_name
from sandbox.wire import Event

WORK_FOLDER = "/work/"
LATE_SECONDS = 1.0
"""How late a timer may expire on a busy machine: until then it counts as armed."""

_SA_NOCLDWAIT = 2
_ITIMER_REAL = 0
_SIGCHLD_BIT = 1 << (NUMBER_OF_SIGNAL["SIGCHLD"] - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exec:
    """A program image that was loaded, with the descriptors that survived into it; None if unreadable. `layout` tells
    it from others, see `Stat`.
    """

    time: float
    argv: tuple[str, ...]
    exe: str
    fds: tuple[FileDescriptor, ...] | None
    layout: tuple[int, ...] | None = None


@dataclass(slots=True, kw_only=True)
class ProcessHistory:
    """What is known of one process.

    `fds_at_birth` are the copies it got by `fork`, None if it was not seen being born or they were unreadable;
    `fds_at_exit` is None if it did not end by exit or its table could not be read. `unwaited` are the
    children it left at its end: pid to whether it was a zombie then. `queued_seconds`, known if there were any, are
    what it has waited for a processor in all. `auto_reap`: it ignored SIGCHLD or had set SA_NOCLDWAIT, so that its
    children leave no zombies. `waited_time` is when its parent took note of its end; times are of the machine's
    monotonic clock.
    """

    pid: int
    ppid: int | None = None
    pgid: int | None = None
    first_seen: float = 0.0
    execs: list[Exec] = field(default_factory=list)
    fds_at_birth: tuple[FileDescriptor, ...] | None = None
    layout_at_birth: tuple[int, ...] | None = None
    argv_at_birth: tuple[str, ...] = ()
    exe_at_birth: str = ""
    fds_at_exit: tuple[FileDescriptor, ...] | None = None
    exit_time: float | None = None
    queued_seconds: float = 0.0
    exit_code: int | None = None
    end_time: float | None = None
    status: WaitStatus | None = None
    birth_time: float | None = None
    waited_time: float | None = None
    unwaited: dict[int, bool] = field(default_factory=dict)
    adopted: bool = False
    auto_reap: bool = False
    is_daemon: bool = False
    layout: tuple[int, ...] | None = None
    command_seen: str = ""

    @property
    def argv(self) -> tuple[str, ...]:
        return self.execs[-1].argv if self.execs else self.argv_at_birth

    @property
    def exe(self) -> str:
        return self.execs[-1].exe if self.execs else self.exe_at_birth

    @property
    def command(self) -> str:
        """The name explanations use: of the program it runs."""
        return self.argv[0].rpartition("/")[2] if self.argv else self.command_seen or "?"

    @property
    def label(self) -> str:
        return f"`{self.command}` (pid {self.pid})"

    @property
    def zombie_seconds(self) -> float | None:
        """How long it had ended before its parent took note; None if that was not seen."""
        if self.end_time is None or self.waited_time is None or self.adopted:
            return None
        return self.waited_time - self.end_time

    @property
    def is_students(self) -> bool:
        """Whether it runs an image of the work folder, not a program of the system."""
        return self.exe.startswith(WORK_FOLDER)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentSignal:
    """A signal one process of the program sent, of the kinds that are watched; `target` is a pid, 0 for its group,
    -pgid, or -1 for all or unknown.
    """

    sender: int
    sender_group: int
    target: int
    signal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A system call that was made to fail on the check's behalf."""

    pid: int
    call: str


@dataclass(slots=True, kw_only=True)
class History:
    """A run as a whole; `root` is the pid of its first process, `survivors` outlived it and the grace."""

    root: int
    processes: dict[int, ProcessHistory] = field(default_factory=dict)
    signals: list[SentSignal] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    survivors: tuple[int, ...] = ()
    survivor_snapshot: Captured = None
    timeout_snapshot: Captured = None
    armed: dict[int, tuple[float, str]] = field(default_factory=dict)  # by pid: until when, and what

    @property
    def root_process(self) -> ProcessHistory:
        return self.processes[self.root]

    @property
    def duration(self) -> float | None:
        """Seconds from the first exec to the end of the first process; None if one of them was not seen."""
        root = self.root_process
        if not root.execs or root.end_time is None:
            return None
        return root.end_time - root.execs[0].time

    def armed_at(self, time: float) -> dict[int, str]:
        """The processes whose alarm or interval timer is still to fire at `time`, with what it is."""
        return {pid: what for pid, (until, what) in self.armed.items() if until > time}


def read_history(root: int, events: Iterable[Event]) -> History:
    """Fold the events of a run, up to when what was left of it was killed: killing one process may let another go
    on, end, or die of SIGPIPE, which is nothing that the program did.

    What was captured before that may be told after it.
    """
    history = History(root=root)
    _process(history, root, 0.0)
    killed = math.inf
    for event in events:
        if event.kind == "stop":
            killed = min(killed, event.time)
        elif event.time <= killed:
            _take(history, event)
        if event.kind == "survivors":
            killed = min(killed, event.time)
    return history


def _process(history: History, pid: int, time: float) -> ProcessHistory:
    return history.processes.setdefault(pid, ProcessHistory(pid=pid, first_seen=time))


def _take(history: History, event: Event) -> None:
    facts = event.facts
    if event.kind == "survivors":
        history.survivor_snapshot = facts["snapshot"]
        present = facts["snapshot"]["processes"]
        history.survivors = tuple(pid for pid in facts["members"] if str(pid) in present)
        return
    if event.kind == "timeout":
        history.timeout_snapshot = facts["snapshot"]
        return
    process = _process(history, event.pid, event.time)
    match event.kind:
        case "exec":
            exe = facts["exe"] if isinstance(facts["exe"], str) else ""
            if _is_same_image(process, exe, facts["stat"]):  # the call that tells of it can be made again at any time
                return
            _know(history, process, facts["stat"], executed=True)
            process.execs.append(
                Exec(
                    time=event.time,
                    argv=parse_cmdline(facts["cmdline"]),
                    exe=exe,
                    fds=parse_descriptors(facts["fds"]),
                    layout=process.layout,
                )
            )
            process.auto_reap = False  # flags are reset by exec; SIG_IGN is looked up at the exit
        case "birth":
            _know(history, process, facts["stat"])
            if process.birth_time is None:  # the call that tells of it can be made again at any time
                process.birth_time = event.time
                process.fds_at_birth = parse_descriptors(facts["fds"])
        case "exit":
            _know(history, process, facts["stat"])
            process.exit_time = facts.get("called", event.time)
            process.queued_seconds = facts.get("queued", 0.0)
            process.exit_code = facts["code"]
            process.fds_at_exit = _tables_at_exit(facts)
            if isinstance(facts["exe"], str) and not process.execs:
                process.exe_at_birth = facts["exe"]
            stat = parse_stat(facts["stat"])
            if stat is None or stat.ignored & _SIGCHLD_BIT:  # could not look: claim nothing
                process.auto_reap = True
            _know_children(history, process, facts["children"], event.time)
            for pid, captured in facts["children"].items():
                stat = parse_stat(captured)
                if stat is not None:
                    process.unwaited[int(pid)] = stat.state == "Z"
        case "end":
            process.end_time = event.time
            if facts["wait_status"] is not None:
                process.status = WaitStatus.from_raw(facts["wait_status"])
        case "reaped":
            process.adopted = True
            process.end_time = process.end_time or event.time
            process.status = WaitStatus.from_raw(facts["wait_status"])
        case "gone":
            process.waited_time = event.time
        case "kill":
            history.signals.append(_sent_signal(event))
        case "alarm" | "setitimer":
            _take_timer(history, event)
        case "sigchld":
            process.auto_reap = _sets_nocldwait(facts["action"])
        case "fault":
            history.faults.append(Fault(pid=event.pid, call=facts["call"]))
        case "open" | "misuse":
            pass  # read by `origins` and `misuses`
        case _:
            raise ValueError(f"the agent reports an event of no known kind: {event.kind!r}")


def _is_same_image(process: ProcessHistory, exe: str, captured: Captured) -> bool:
    """Whether a process still runs what it ran before: each exec puts a program at other addresses."""
    stat = parse_stat(captured)
    return stat is not None and stat.layout is not None and (stat.layout, exe) == (process.layout, process.exe)


def _tables_at_exit(facts: dict[str, Any]) -> tuple[FileDescriptor, ...] | None:
    """All that the threads of a process held, should they have had several tables; None if one could not be read."""
    found: list[FileDescriptor] = []
    for captured in (facts["fds"], *facts.get("other_fds", ())):
        table = parse_descriptors(captured)
        if table is None:
            return None
        known = {descriptor.identity for descriptor in found}
        found += [descriptor for descriptor in table if descriptor.identity not in known]
    return tuple(found)


def _know(history: History, process: ProcessHistory, captured: Captured, *, executed: bool = False) -> None:
    stat = parse_stat(captured)
    if stat is None:
        return
    process.command_seen = stat.command
    process.pgid = stat.pgid
    process.layout = stat.layout or process.layout
    if not executed and not process.execs and process.layout_at_birth is None:
        process.layout_at_birth = process.layout
    process.is_daemon = stat.sid == stat.pid and not stat.terminal
    if process.ppid is None and (stat.ppid != 1 or process.pid == history.root):
        process.ppid = stat.ppid
        _inherit_image(history, process)


def _inherit_image(history: History, process: ProcessHistory) -> None:
    """Until it executes something, a child runs its parent's image: that of the moment of the fork, should it be seen
    only after its parent has executed something.
    """
    parent = history.processes.get(process.ppid or 0)
    if parent is not None:
        argv, exe = parent.argv, parent.exe
        if _next_image(parent, process) is not None:
            shared = [image for image in parent.execs if image.layout == process.layout_at_birth]
            argv, exe = (shared[0].argv, shared[0].exe) if shared else (parent.argv_at_birth, parent.exe_at_birth)
        process.argv_at_birth = process.argv_at_birth or argv
        process.exe_at_birth = process.exe_at_birth or exe
        process.auto_reap = process.auto_reap or parent.auto_reap


def _next_image(parent: ProcessHistory, child: ProcessHistory) -> Exec | None:
    """What the parent executed next after the image that it shared with the child; None if that is not known."""
    layouts = [parent.layout_at_birth, *(image.layout for image in parent.execs)]
    if child.layout_at_birth is None or child.layout_at_birth not in layouts[:-1]:
        return None
    return parent.execs[layouts.index(child.layout_at_birth)]


def zombie_keepers(history: History) -> dict[int, ProcessHistory]:
    """Who had a zombie when it ended itself, by the zombie's pid: its parent, or a subreaper. The last of several."""
    in_order = sorted(history.processes.values(), key=lambda process: process.exit_time or 0.0)
    return {pid: process for process in in_order for pid, is_zombie in process.unwaited.items() if is_zombie}


def fork_time(parent: ProcessHistory | None, child: ProcessHistory) -> float | None:
    """When a child was made, at the latest: it is seen when it first runs, and by then its parent may have executed
    something, or ended.
    """
    if parent is None or child.birth_time is None:
        return child.birth_time
    following = _next_image(parent, child)
    known = (child.birth_time, following.time if following else None, parent.exit_time)
    return min(time for time in known if time is not None)


def _know_children(history: History, process: ProcessHistory, children: dict[str, Captured], time: float) -> None:
    for pid, captured in children.items():
        child = _process(history, int(pid), time)
        if child.ppid is None:
            child.ppid = process.pid
            _inherit_image(history, child)
        stat = parse_stat(captured)
        if stat is not None:
            child.command_seen = stat.command
            child.pgid = stat.pgid
            if stat.state == "Z":
                child.status = child.status or WaitStatus.from_raw(stat.exit_status)
                child.end_time = child.end_time or time


def _sent_signal(event: Event) -> SentSignal:
    target = event.facts["target"]
    if target >= 0:
        target = (target & 0xFFFFFFFF) - (1 << 32 if target & 0x80000000 else 0)
    return SentSignal(
        sender=event.pid,
        sender_group=event.facts["group"],
        target=target,
        signal=signal_name(event.facts["signal"]),
    )


def _take_timer(history: History, event: Event) -> None:
    if event.kind == "alarm":
        seconds = float(event.facts["seconds"])
        what = f"alarm({event.facts['seconds']})"
        interval = 0.0
    else:
        if event.facts["which"] != _ITIMER_REAL:
            return
        value = event.facts["value"]
        if not isinstance(value, str):  # could not look: count it as armed for ever
            history.armed[event.pid] = (float("inf"), "an interval timer (setitimer)")
            return
        every_s, every_us, first_s, first_us = struct.unpack("=qqqq", bytes.fromhex(value))
        if min(every_s, first_s) < 0 or not 0 <= min(every_us, first_us) <= max(every_us, first_us) < 1_000_000:
            return  # the call fails, and the timer stays as it was
        seconds, interval = first_s + first_us / 1e6, every_s + every_us / 1e6
        what = "an interval timer (setitimer)"
    if seconds == 0:
        history.armed.pop(event.pid, None)
    else:
        until = float("inf") if interval else event.time + seconds + LATE_SECONDS
        history.armed[event.pid] = (until, what)


def _sets_nocldwait(action: Captured) -> bool:
    """Whether a `struct sigaction` of the kernel (handler, flags, …) ignores SIGCHLD or asks for no zombies."""
    if not isinstance(action, str):
        return True  # could not look: claim nothing
    handler, flags = struct.unpack_from("=QQ", bytes.fromhex(action))
    return handler == 1 or bool(flags & _SA_NOCLDWAIT)
