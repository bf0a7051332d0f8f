"""Reading `/proc` as it is, without interpretation. What cannot be read is recorded as such, never left out.

An unreadable text or link is an object `{"error": "EACCES"}` in place of the string. Reads are bounded:
student processes choose their own names, arguments and descriptors.
"""

import os
from functools import cache

from sandbox.agent import blocked, kernel
from sandbox.agent.reading import error_name, text
from sandbox.agent.watch_filter import ALWAYS
from sandbox.wire import Facts

_NEVER_SLEEPING = frozenset(str(kernel.SYSCALL[name]) for name in ALWAYS if name in kernel.SYSCALL)

MAX_DESCRIPTORS = 4096
"""Descriptors recorded of one process; the open-files limit is far below."""


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
    always have.
    """
    table: Facts = {}
    try:
        folder = os.open(f"/proc/{pid}/fd", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        return {"error": error_name(error)}
    try:
        for name in os.listdir(folder)[:MAX_DESCRIPTORS]:
            table[name] = _descriptor(folder, name)
            if details or table[name].get("link", "").startswith(("anon_inode:", "socket:")):
                table[name]["info"] = text(f"/proc/{pid}/fdinfo/{name}")
    except OSError as error:
        return {"error": error_name(error)}
    finally:
        os.close(folder)
    return table


def with_sockets(pid: int, table: Facts) -> Facts:
    """The same table with what is known of its sockets."""
    for number, entry in table.items():
        if isinstance(entry, dict) and entry.get("link", "").startswith("socket:"):
            entry["socket"] = blocked.socket_facts(pid, int(number))
    return table


def _descriptor(folder: int, name: str) -> Facts:
    try:
        target = os.readlink(name, dir_fd=folder)
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


def is_held(snapshot: Facts) -> bool:
    """Whether a thread of a snapshot sleeps in a call of those that are watched and that never sleep by themselves."""
    for captured in snapshot["processes"].values():
        for task in captured["tasks"].values():
            call = task["syscall"]
            if isinstance(call, str) and call.partition(" ")[0] in _NEVER_SLEEPING:
                return True
    return False


def process(pid: int) -> Facts:
    """Everything a snapshot tells of one process."""
    tasks: Facts = {}
    for tid in numbers_in(f"/proc/{pid}/task"):
        folder = f"/proc/{pid}/task/{tid}"
        call = text(f"{folder}/syscall")
        tasks[str(tid)] = {
            "status": text(f"{folder}/status"),
            "syscall": call,
            "memory": blocked.memory_of_call(tid, call),
        }
    alive = _living_thread(pid, tasks)
    return {
        "stat": text(f"/proc/{pid}/stat"),
        "cmdline": text(f"/proc/{alive}/cmdline"),
        "exe": link(f"/proc/{alive}/exe"),
        "timers": text(f"/proc/{pid}/timers"),
        "maps": text(f"/proc/{alive}/maps"),
        "fds": with_sockets(pid, descriptors(alive, details=True)),
        "tasks": tasks,
    }


def _living_thread(pid: int, tasks: Facts) -> int:
    """A thread that can be looked at: a leader that has exited has no descriptors and no memory any more, its threads
    have."""
    for tid, task in tasks.items():
        status = task["status"]
        if isinstance(status, str) and "\nState:\tZ" not in status and "\nState:\tX" not in status:
            return int(tid)
    return pid


def student_processes() -> list[int]:
    """Every process in the sandbox but the agent."""
    return [pid for pid in numbers_in("/proc") if pid != 1]


def snapshot(outside: Facts, time: float) -> Facts:
    """All student processes at `time`; `outside` names the pipe ends that the agent holds."""
    return {
        "processes": {str(pid): process(pid) for pid in student_processes()},
        "outside": outside,
        "locks": text("/proc/locks"),
        "time": time,
    }


_OOM_FILES = ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control")


def oom_kills() -> int:
    """How many processes of the sandbox its memory limit has killed, by cgroup v2 or v1."""
    for path in _OOM_FILES:
        events = text(path)
        if isinstance(events, str):
            for line in events.splitlines():
                name, _, number = line.partition(" ")
                if name == "oom_kill":
                    return int(number)
    return 0


_MEMORY_FILES = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory.stat"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
        "/sys/fs/cgroup/memory/memory.stat",
    ),
)
_FREED_WITH_PROCESSES = ("inactive_file", "active_file", "rss", "anon")
"""Rows of memory.stat: pages that the kernel can take back or that go with whoever it kills; `rss` is v1's `anon`."""


def is_memory_short(reserve: int) -> bool:
    """Whether what lasts without processes leaves less than `reserve` bytes of the sandbox's limit, by cgroup v2 or v1:
    files in memory and IPC objects. Of other memory the kernel sees to the limit itself, and tells of it.
    """
    limits = _memory_limit()
    if limits is None:
        return False
    limit, usage_file, stat_file = limits
    usage = text(usage_file)
    if not isinstance(usage, str) or limit - int(usage) >= reserve:
        return False
    found = text(stat_file)
    rows = (line.split() for line in found.splitlines()) if isinstance(found, str) else ()
    freed = sum(int(value) for name, value in rows if name in _FREED_WITH_PROCESSES)
    return limit - int(usage) + freed < reserve


@cache
def _memory_limit() -> tuple[int, str, str] | None:
    """The limit, which never changes, and where usage and its parts are told."""
    for limit_file, usage_file, stat_file in _MEMORY_FILES:
        limit = text(limit_file)
        if isinstance(limit, str) and limit.strip().isdigit():
            return int(limit), usage_file, stat_file
    return None
