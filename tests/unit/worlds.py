"""Sandboxes made up of pipes and waits: as the agent would capture them, and as the kernel would go on with them.

`World.captured` is what `parse_snapshot` takes; `World.could_go_on` is an independent account of pipe(7) and wait(2),
which knows nothing of proofs: it lets everything outside the blocked threads happen and sees whether one returns.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache

from hypothesis import strategies as st
from recordings import NAMES, recorded

from sandbox.wire import Facts

NUMBER = {name: number for number, name in NAMES.items()}
LINK_MODES = {"r": 0o120500, "w": 0o120300, "rw": 0o120700}
SIGTERM_MASK, SIGALRM_MASK = 1 << 14, 1 << 13


@dataclass(frozen=True)
class Thread:
    """`does` is `read`, `write`, `wait`, `run` or `sleep`; `fd` is what it reads or writes, `child` whom it waits
    for: a pid or -1.
    """

    tid: int
    does: str
    fd: int = -1
    child: int = -1
    pending: int = 0
    blocked: int = 0
    ignored: int = 0
    switches: int = 7
    tracer: int = 0


@dataclass(frozen=True)
class Member:
    """A process; `fds` is number to (pipe, access)."""

    pid: int
    ppid: int
    threads: tuple[Thread, ...] = ()
    fds: dict[int, tuple[int, str]] = field(default_factory=dict)
    zombie: bool = False
    timers: bool = False


@dataclass(frozen=True)
class World:
    """`outside` is pipe to the access that the check holds; `armed` are the pids that an alarm will ring for."""

    members: tuple[Member, ...]
    outside: dict[int, str] = field(default_factory=dict)
    armed: frozenset[int] = frozenset()

    def captured(self) -> Facts:
        return {
            "processes": {str(member.pid): _process(member) for member in self.members},
            "outside": {f"pipe:[{pipe}]": access for pipe, access in self.outside.items()},
            "time": 1.0,
        }

    def alarms(self) -> dict[int, str]:
        return dict.fromkeys(self.armed, "alarm(60)")

    def threads(self) -> Iterator[tuple[Member, Thread]]:
        for member in self.members:
            for thread in member.threads:
                yield member, thread

    # -- how the kernel would go on ---------------------------------------------------------------

    def could_go_on(self) -> bool:
        """Whether any thread runs, or would after something that is not up to the blocked ones."""
        return any(self._is_awake(member, thread) for member, thread in self.threads()) or any(
            world._returns(member, thread) for world in self._after_outside() for member, thread in world.threads()
        )

    def _is_awake(self, member: Member, thread: Thread) -> bool:
        deliverable = thread.pending & ~thread.blocked & ~thread.ignored
        rings = member.pid in self.armed or member.timers
        return thread.does in ("run", "sleep") or bool(deliverable) or rings or bool(thread.tracer)

    def _after_outside(self) -> Iterator["World"]:
        """As it is, and after each single thing the check could do with a pipe end."""
        yield self
        for pipe, access in self.outside.items():
            if "w" in access:
                yield replace(self, outside={**self.outside, pipe: "data"})
            if "r" in access:
                yield replace(self, outside={**self.outside, pipe: "room"})

    def _returns(self, member: Member, thread: Thread) -> bool:
        if thread.does == "wait":
            children = [child for child in self.members if child.ppid == member.pid]
            wanted = [child for child in children if thread.child in (-1, child.pid)]
            return not wanted or any(child.zombie for child in wanted)
        if thread.does not in ("read", "write"):
            return False
        pipe, _access = member.fds[thread.fd]
        held = self.outside.get(pipe, "")
        if held == ("data" if thread.does == "read" else "room"):
            return True
        other_end = "w" if thread.does == "read" else "r"
        holders = [access for one in self.members for its_pipe, access in one.fds.values() if its_pipe == pipe]
        return not any(other_end in access for access in [*holders, held])


@cache
def _real_process() -> Facts:
    return recorded("reads_own_pipe").process()


def _process(member: Member) -> Facts:
    """The capture of a real process, with these facts in place of its own."""
    facts = dict(_real_process())
    stat = facts["stat"].rpartition(")")[2].split()
    stat[0:4] = ["Z" if member.zombie else "S", str(member.ppid), "10", "10"]
    facts["stat"] = f"{member.pid} (subject) {' '.join(stat)}\n"
    facts["timers"] = "ID: 0\n" if member.timers else ""
    facts["fds"] = {
        str(number): {
            "link": f"pipe:[{pipe}]",
            "mode": LINK_MODES[access],
            "info": f"pos:\t0\nflags:\t0{'rw'.index(access[0]) if len(access) == 1 else 2}\nmnt_id:\t1\nino:\t{pipe}\n",
        }
        for number, (pipe, access) in member.fds.items()
    }
    (task,) = facts["tasks"].values()
    facts["tasks"] = {
        str(thread.tid): {**task, "status": _status(task["status"], thread), "syscall": _syscall(thread)}
        for thread in member.threads
    }
    if member.zombie:
        zombie = re.sub(r"^State:\t.*$", "State:\tZ (zombie)", task["status"], flags=re.MULTILINE)
        facts |= {"cmdline": "", "exe": {"error": "ENOENT"}, "fds": {}}
        facts["tasks"] = {str(member.pid): {**task, "status": zombie, "syscall": "-1 0x0 0x0\n"}}
    return facts


def _status(text: str, thread: Thread) -> str:
    values = {
        "State": "R (running)" if thread.does == "run" else "S (sleeping)",
        "TracerPid": str(thread.tracer),
        "SigPnd": f"{thread.pending:016x}",
        "SigBlk": f"{thread.blocked:016x}",
        "SigIgn": f"{thread.ignored:016x}",
        "voluntary_ctxt_switches": str(thread.switches),
    }
    for name, value in values.items():
        text, count = re.subn(rf"^{name}:\t.*$", f"{name}:\t{value}", text, flags=re.MULTILINE)
        assert count == 1, name
    return text


def _syscall(thread: Thread) -> str:
    if thread.does == "run":
        return "running\n"
    name, arguments = {
        "read": ("read", (thread.fd, 0x7F00, 4096)),
        "write": ("write", (thread.fd, 0x7F00, 4096)),
        "wait": ("wait4", (thread.child & (2**64 - 1), 0, 0)),
        "sleep": ("clock_nanosleep", (1, 0, 0x7F00)),
    }[thread.does]
    fields = [*arguments, 0, 0, 0, 0x7FFE0000, 0x7F0000]
    return f"{NUMBER[name]} {' '.join(f'{field:#x}' for field in fields)}\n"


# -- strategies -----------------------------------------------------------------------------------

EMPTY, FULL = (1001, 1002, 1003), (2001, 2002)
"""Pipes that nothing is in, and pipes that nothing fits into: who reads or writes those has to wait."""

tables = st.dictionaries(
    st.integers(3, 9),
    st.tuples(st.sampled_from([*EMPTY, *FULL]), st.sampled_from(["r", "w", "w", "rw"])),
    max_size=5,
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Any processes, descriptor tables and waits; mostly blocked, so that some are deadlocked."""
    pids = [10 * (1 + number) for number in range(draw(st.integers(1, 4)))]
    members = []
    for place, pid in enumerate(pids):
        ppid = draw(st.sampled_from(pids[:place])) if place else 1
        if place and draw(st.integers(0, 9)) == 0:
            members.append(Member(pid, ppid, zombie=True))
            continue
        fds = draw(tables)
        threads = tuple(
            draw(threads_of(pid + extra, fds, pids)) for extra in range(draw(st.sampled_from([1, 1, 1, 2])))
        )
        timers = draw(st.integers(0, 19)) == 0
        members.append(Member(pid, ppid, threads, fds, timers=timers))
    outside = draw(st.sampled_from([{}, {}, {1001: "w"}, {2001: "r"}, {1002: "w", 2002: "r"}, {1003: "r"}]))
    armed = (
        frozenset(draw(st.lists(st.sampled_from(pids), max_size=1))) if draw(st.integers(0, 9)) == 0 else frozenset()
    )
    return World(tuple(members), outside, armed)


@st.composite
def threads_of(draw: st.DrawFn, tid: int, fds: dict[int, tuple[int, str]], pids: list[int]) -> Thread:
    """A thread that does what it could be blocked in, or runs."""
    can = [("read", fd, -1) for fd, (pipe, access) in fds.items() if pipe in EMPTY and "r" in access]
    can += [("write", fd, -1) for fd, (pipe, access) in fds.items() if pipe in FULL and "w" in access]
    can += [("wait", -1, -1), ("wait", -1, draw(st.sampled_from(pids)))]
    awake = draw(st.integers(0, 14))
    does, fd, child = ("run", -1, -1) if awake == 0 else ("sleep", -1, -1) if awake == 1 else draw(st.sampled_from(can))
    pending = draw(st.sampled_from([0] * 8 + [SIGTERM_MASK]))
    blocked, ignored = draw(st.sampled_from([(0, 0), (0, 0), (SIGTERM_MASK, 0), (0, SIGTERM_MASK)]))
    return Thread(tid, does, fd, child, pending, blocked, ignored)


@st.composite
def rings(draw: st.DrawFn) -> World:
    """A deadlock: each process reads from a pipe that only the next ones write to; the first may be their parent."""
    size = draw(st.integers(1, 4))
    pids = [10 * (1 + number) for number in range(size)]
    tables: list[dict[int, tuple[int, str]]] = [{3: (5000 + place, "r")} for place in range(size)]
    for place in range(size):
        tables[(place + 1) % size][4] = (5000 + place, "w")
        for other in draw(st.sets(st.integers(0, size - 1))):
            tables[other][10 + place] = (5000 + place, "w")
    threads = [Thread(pid, "read", fd=3) for pid in pids]
    if size > 1 and draw(st.booleans()):
        threads[0] = Thread(pids[0], "wait")
    members = tuple(
        Member(pid, pids[0] if place else 1, (threads[place],), tables[place]) for place, pid in enumerate(pids)
    )
    return World(members)
