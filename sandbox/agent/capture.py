"""Reading `/proc` as it is, without interpretation. What cannot be read is recorded as such, never left out.

An unreadable text or link is an object `{"error": "EACCES"}` in place of the string. Reads are bounded:
student processes choose their own names, arguments and descriptors.
"""

import contextlib
import os
import re
from collections.abc import Iterator
from functools import cache

from sandbox.agent import blocked, kernel
from sandbox.agent.reading import MAX_TEXT_BYTES, NANOSECONDS, error_name, text
from sandbox.agent.spawn import OOM_SCORE_STUDENT
from sandbox.agent.watch_filter import ALWAYS
from sandbox.wire import Facts

_LOCKING = frozenset(str(kernel.SYSCALL[name]) for name in ("flock", "fcntl"))
_NEVER_SLEEPING = frozenset(str(kernel.SYSCALL[name]) for name in ALWAYS if name in kernel.SYSCALL)

MAX_DESCRIPTORS = 4096
"""Descriptors recorded of one process; the open-files limit is far below."""

MAX_TABLES = 8
"""Descriptor tables recorded of one process, beside the first: each thread could have one."""

LINKS_CHARACTERS, LINK_CHARACTERS = 64 << 10, 512
"""How much is recorded of where all links of a table point, and of each that is left when that is used up. A student
can make paths of 4096 bytes, for each descriptor of each process, of bytes that take six on their way to the host."""

INFO_CHARACTERS = 128 << 10
"""How much is recorded of all `fdinfo` of a process: an epoll instance can have a line for thousands of descriptors."""

SNAPSHOT_CHARACTERS = 4 << 20
"""When a snapshot has become so large, what could be large is not recorded of the processes that are left."""

_TOO_MUCH, _SEVERAL = "EFBIG", "EXDEV"


def link(path: str) -> str | Facts:
    """Where a symbolic link of `/proc` points."""
    try:
        return os.readlink(path)
    except OSError as error:
        return {"error": error_name(error)}


def numbers_in(path: str) -> list[int]:
    """The numeric names in a folder of `/proc`, in order; empty if the process is gone."""
    try:
        return sorted(int(name) for name in os.listdir(path) if name.isdigit())
    except OSError:
        return []


def descriptors(pid: int, *, details: bool = False) -> Facts:
    """The descriptor table of a thread: number to `link`, `mode` (of the link: read, write) and, for files,
    `file` (device and inode); with `details` also `info`, the text of `fdinfo`, which anonymous inodes and sockets
    always have, and of the former `copy_of`, the first number in the table that is of the same thing.
    """
    table: Facts = {}
    room, link_room = INFO_CHARACTERS, LINKS_CHARACTERS
    try:
        folder = os.open(f"/proc/{pid}/fd", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        return {"error": error_name(error)}
    try:
        for name in os.listdir(folder)[:MAX_DESCRIPTORS]:
            table[name] = _descriptor(folder, name, max(link_room, LINK_CHARACTERS))
            link_room -= len(table[name].get("link", ""))
            if details or table[name].get("link", "").startswith(("anon_inode:", "socket:")):
                info = text(f"/proc/{pid}/fdinfo/{name}") if room > 0 else {"error": _TOO_MUCH}
                room -= len(info)
                is_whole = len(info) < MAX_TEXT_BYTES  # half of it misleads
                table[name]["info"] = info if is_whole else {"error": _TOO_MUCH}
    except OSError as error:
        return {"error": error_name(error)}
    finally:
        os.close(folder)
    _note_copies(pid, table)
    return table


MAX_ANONYMOUS = 64
"""Descriptors of anonymous inodes that are compared with each other, each with each."""


def _note_copies(pid: int, table: Facts) -> None:
    originals: list[tuple[str, str]] = []
    for number, entry in table.items():
        target = entry.get("link", "")
        if not target.startswith("anon_inode:"):
            continue
        alike = (other for other, its_target in originals if its_target == target)
        original = next((other for other in alike if kernel.are_copies(pid, int(other), int(number))), None)
        if original is not None:
            entry["copy_of"] = int(original)
        elif len(originals) < MAX_ANONYMOUS:
            originals.append((number, target))


def other_tables(pid: int, tid: int) -> Facts:
    """As `other_fds`, the descriptor tables of those threads of a process that do not share that of thread `tid`, if
    there are any: a thread can have one of its own, see CLOSE_RANGE_UNSHARE in close_range(2).
    """
    others = [other for other in numbers_in(f"/proc/{pid}/task") if not kernel.shares_descriptors(tid, other)]
    tables = [table for table in map(descriptors, others[:MAX_TABLES]) if "error" not in table]
    return {"other_fds": tables} if tables else {}


def with_sockets(pid: int, table: Facts) -> Facts:
    """The same table with what is known of its sockets."""
    for number, entry in table.items():
        if isinstance(entry, dict) and entry.get("link", "").startswith("socket:"):
            entry["socket"] = blocked.socket_facts(pid, int(number))
    return table


def _descriptor(folder: int, name: str, link_room: int) -> Facts:
    try:
        target = os.readlink(name, dir_fd=folder)[:link_room]
        entry: Facts = {"link": target, "mode": os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode}
        if target.startswith("/"):
            status = os.stat(name, dir_fd=folder)
            entry["file"] = [status.st_dev, status.st_ino, status.st_mode]
        return entry
    except OSError as error:
        return {"error": error_name(error)}


def access(tid: int, number: int) -> int | None:
    """The mode of a descriptor's link (owner's read and write bits), 0 if it is not open, None if nobody can tell."""
    try:
        return os.stat(f"/proc/{tid}/fd/{number}", follow_symlinks=False).st_mode
    except FileNotFoundError:
        return 0
    except OSError:
        return None


def children(pid: int) -> list[int]:
    """The children of every thread of a process, zombies included (CONFIG_PROC_CHILDREN)."""
    found: list[int] = []
    for tid in numbers_in(f"/proc/{pid}/task"):
        listed = text(f"/proc/{pid}/task/{tid}/children")
        if isinstance(listed, str):
            found += [int(child) for child in listed.split()]
    return found


_SECCOMP_FILTERS = re.compile(r"^Seccomp_filters:\t(\d+)$", re.MULTILINE)


def real_timers() -> Facts:
    """By process, in how many seconds its timer of real time expires, 0 if it is not armed. For when all are asleep."""
    return {str(pid): _real_timer(pid) for pid in student_processes()}


def _real_timer(pid: int) -> float | Facts:
    states = {tid: text(f"/proc/{pid}/task/{tid}/status") for tid in numbers_in(f"/proc/{pid}/task")}
    if all(isinstance(status, str) and _STILL.search(status) for status in states.values()):
        return 0.0  # it has ended, or is stopped: its alarm would not have it go on
    asleep = [(tid, status) for tid, status in states.items() if isinstance(status, str) and "\nState:\tS" in status]
    tid, status = next(((tid, status) for tid, status in asleep if _can_be_made_again(tid)), (0, ""))
    if not tid:
        return {"error": "EBUSY"}
    if _filters(status) != _filters(text("/proc/self/status")) + 1:
        return {"error": "EPERM"}  # one of its own might not let it be asked
    try:
        return kernel.real_timer(tid, is_child=tid == pid and "\nPPid:\t1\n" in status)
    except OSError as error:
        return {"error": error_name(error)}


def _can_be_made_again(tid: int) -> bool:
    """Whether the call that a thread sleeps in has done nothing yet that is undone, or done twice, if it is interrupted
    and made again; or if it has, that real_timer.c knows of it.
    """
    captured = text(f"/proc/{tid}/syscall")
    numbers = captured.split() if isinstance(captured, str) else ()
    if len(numbers) < 7 or numbers[0] not in _AGAIN:
        return False
    flags = _FLAGS_ARGUMENT.get(numbers[0])
    return flags is None or not int(numbers[1 + flags], 16) & _MSG_WAITALL


_AGAIN = frozenset(
    str(kernel.SYSCALL[name])
    for name in (
        *("read", "readv", "write", "splice", "tee", "sendfile", "open", "openat", "openat2", "creat"),
        *("recvfrom", "recvmsg", "recvmmsg", "sendto", "accept", "accept4", "connect"),
        *("futex", "wait4", "waitid", "pause", "rt_sigsuspend", "rt_sigtimedwait", "flock", "fcntl"),
        *("poll", "ppoll", "select", "pselect6", "epoll_wait", "epoll_pwait", "epoll_pwait2"),
        *("msgrcv", "msgsnd", "semop", "semtimedop", "mq_timedreceive", "mq_timedsend"),
    )
    if name in kernel.SYSCALL
)
_FLAGS_ARGUMENT = {
    str(kernel.SYSCALL[name]): index for name, index in (("recvfrom", 3), ("recvmsg", 2), ("recvmmsg", 3))
}
_MSG_WAITALL = 0x100
_STILL = re.compile(r"^State:\t[TZX]", re.MULTILINE)


def _filters(status: str | Facts) -> int:
    """How many seccomp filters a thread has, by its `status`."""
    found = _SECCOMP_FILTERS.search(status) if isinstance(status, str) else None
    return int(found[1]) if found else -1


def scheduled(tid: int) -> tuple[float, float]:
    """For how many seconds a thread has computed, and waited for a processor; zeros if it is gone, or the kernel does
    not count. See Documentation/scheduler/sched-stats.rst.
    """
    numbers = text(f"/proc/{tid}/schedstat")
    if not isinstance(numbers, str):
        return 0.0, 0.0
    on_processor, on_queue = (int(number) / NANOSECONDS for number in numbers.split()[:2])
    return on_processor, on_queue


def is_held(snapshot: Facts) -> bool:
    """Whether a thread of a snapshot sleeps in a call of those that are watched and that never sleep by themselves."""
    return not _NEVER_SLEEPING.isdisjoint(_calls(snapshot["processes"]))


def _calls(processes: Facts) -> Iterator[str]:
    """The number of the call that each thread is blocked in."""
    for captured in processes.values():
        for task in captured["tasks"].values():
            if isinstance(task["syscall"], str):
                yield task["syscall"].partition(" ")[0]


def process(pid: int, *, briefly: bool = False) -> Facts:
    """Everything a snapshot tells of one process; `briefly`, without what could be large."""
    tasks: Facts = {}
    for tid in numbers_in(f"/proc/{pid}/task"):
        folder = f"/proc/{pid}/task/{tid}"
        call = text(f"{folder}/syscall")
        tasks[str(tid)] = {
            "status": text(f"{folder}/status"),
            "syscall": call,
            "wchan": text(f"{folder}/wchan"),
            "memory": blocked.memory_of_call(tid, call),
        }
    if briefly:
        left_out = {name: {"error": _TOO_MUCH} for name in ("cmdline", "timers", "maps", "fds")}
        return {"stat": text(f"/proc/{pid}/stat"), "exe": link(f"/proc/{pid}/exe"), "tasks": tasks, **left_out}
    alive = _living_thread(pid, tasks)
    return {
        "stat": text(f"/proc/{pid}/stat"),
        "cmdline": text(f"/proc/{alive}/cmdline"),
        "exe": link(f"/proc/{alive}/exe"),
        "timers": text(f"/proc/{pid}/timers"),
        "maps": text(f"/proc/{alive}/maps"),
        "fds": _table_of_all(pid, alive, tasks),
        "tasks": tasks,
    }


def _living_thread(pid: int, tasks: Facts) -> int:
    """A thread that can be looked at: a leader that has exited has no descriptors and no memory any more, its threads
    have."""
    return next((int(tid) for tid, task in tasks.items() if _is_alive(task)), pid)


def _is_alive(task: Facts) -> bool:
    status = task["status"]
    return isinstance(status, str) and "\nState:\tZ" not in status and "\nState:\tX" not in status


def _table_of_all(pid: int, alive: int, tasks: Facts) -> Facts:
    """The descriptor table of a process, unless its threads have several: a number means something else in each."""
    if all(kernel.shares_descriptors(alive, int(tid)) for tid, task in tasks.items() if _is_alive(task)):
        return with_sockets(pid, descriptors(alive, details=True))
    return {"error": _SEVERAL}


def student_processes() -> list[int]:
    """Every process in the sandbox but the agent."""
    return [pid for pid in numbers_in("/proc") if pid != 1]


def snapshot(outside: Facts, time: float) -> Facts:
    """All student processes at `time`; `outside` names the pipe ends that the agent holds."""
    processes: Facts = {}
    room = SNAPSHOT_CHARACTERS
    for pid in student_processes():
        captured = process(pid, briefly=room <= 0)
        room -= len(repr(captured))
        processes[str(pid)] = captured
    return {
        "processes": processes,
        "outside": outside,
        # The kernel waits for every processor until it can tell: that is only done where it matters.
        "locks": "" if _LOCKING.isdisjoint(_calls(processes)) else text("/proc/locks"),
        "time": time,
    }


_OOM_FILES = ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control")


def oom_kills() -> int:
    """How many processes of the sandbox its memory limit has killed, by cgroup v2 or v1."""
    events = _oom_events()
    if events is None:
        return 0
    return int(os.pread(events, _EVENTS_BYTES, 0).partition(b"\noom_kill ")[2].partition(b"\n")[0])


_EVENTS_BYTES = 4096


@cache
def _oom_events() -> int | None:
    """A descriptor that they are read from."""
    for path in _OOM_FILES:
        with contextlib.suppress(OSError):
            events = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            if b"\noom_kill " in os.pread(events, _EVENTS_BYTES, 0):
                return events
            os.close(events)
    return None


_LASTING_FOLDERS = ("/work", "/tmp", "/dev/shm")
_INODE_BYTES = 1536
"""Of the kernel's memory for a file with a long name."""

_MEMORY_FILES = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory.stat"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
        "/sys/fs/cgroup/memory/memory.stat",
    ),
)


def is_memory_short(reserve: int) -> bool:
    """Whether what lasts without processes leaves less than `reserve` bytes of the sandbox's limit, by cgroup v2 or v1:
    files in memory and IPC objects. Of other memory the kernel sees to the limit itself, and tells of it, unless a
    process is out of its reach.
    """
    limits = _memory_limit()
    if limits is None:
        return False
    limit, usage, stat_file = limits
    if limit - int(os.pread(usage, _NUMBER_BYTES, 0)) >= reserve:
        return False
    return limit - _lasting_bytes(stat_file) < reserve or any(map(_is_spared, student_processes()))


def _is_spared(pid: int) -> bool:
    """Whether a process has taken back what makes the kernel end it before the agent, see proc_pid_oom_score_adj(5):
    many small ones that have would all be spared.
    """
    score = text(f"/proc/{pid}/oom_score_adj")
    return isinstance(score, str) and int(score) < OOM_SCORE_STUDENT


def _lasting_bytes(stat_file: str) -> int:
    """Counted one by one: what else is used may be the kernel's, for names that were looked up, say, which it frees
    when it has to. How much of that there is, cgroup v1 does not tell.
    """
    found = text(stat_file)
    rows = (line.partition(" ") for line in found.splitlines()) if isinstance(found, str) else ()
    in_pages = sum(int(value) for name, _, value in rows if name == "shmem")
    folders = [os.statvfs(folder) for folder in _LASTING_FOLDERS]
    inodes = sum(folder.f_files - folder.f_ffree for folder in folders)
    return in_pages + inodes * _INODE_BYTES + kernel.ipc_bytes()


_NUMBER_BYTES = 32


@cache
def _memory_limit() -> tuple[int, int, str] | None:
    """The limit, which never changes, a descriptor that the usage is read from, and the file that tells its parts."""
    for limit_file, usage_file, stat_file in _MEMORY_FILES:
        limit = text(limit_file)
        if isinstance(limit, str) and limit.strip().isdigit():
            return int(limit), os.open(usage_file, os.O_RDONLY | os.O_CLOEXEC), stat_file
    return None
