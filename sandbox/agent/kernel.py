"""The kernel calls that Python's standard library does not have, through ctypes."""

import ctypes
import os
import re
from functools import cache
from typing import NamedTuple

from sandbox.syscall_numbers import NUMBERS

MACHINE = os.uname().machine
SYSCALL = NUMBERS[MACHINE]

_libc = ctypes.CDLL(None, use_errno=True)

_VERSION = tuple(int(number) for number in re.findall(r"\d+", os.uname().release)[:2])

TELLS_OF_REAPING = _VERSION >= (6, 9)
"""Whether a pidfd hangs up when its process has been waited for, see poll in pidfd_open(2)."""

_KEEPS_STATUS = _VERSION >= (6, 15)
"""Whether it then has the wait status."""

LIBRARY = "/opt/grader/lib/agent.so"

PR_SET_DUMPABLE = 4


def _call(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def prctl(option: int, value: int) -> None:
    """See prctl(2)."""
    zero = ctypes.c_ulong(0)
    _call(_libc.prctl(option, ctypes.c_ulong(value), zero, zero, zero))


def pidfd_getfd(pidfd: int, descriptor: int) -> int:
    """A copy of another process's descriptor, see pidfd_getfd(2)."""
    return _call(_libc.syscall(SYSCALL["pidfd_getfd"], pidfd, descriptor, 0))


def close_aside(descriptor: int) -> None:
    """Close a copy of a program's descriptor, which may take as long as the program likes; see close_aside.h."""
    library().close_aside(descriptor)


def is_closing_aside() -> bool:
    """Whether a copy of a program's descriptor is still open, so that programs may wait for us."""
    return bool(library().is_closing_aside() & 0xFF)


_KCMP_FILE, _KCMP_FILES = 0, 2


def shares_descriptors(tid: int, other: int) -> bool:
    """Whether two threads have one descriptor table, see kcmp(2); also where nobody can tell."""
    return int(_libc.syscall(SYSCALL["kcmp"], tid, other, _KCMP_FILES, 0, 0)) <= 0


def are_copies(pid: int, number: int, other: int) -> bool:
    """Whether two descriptors of a process are of one open file description, see kcmp(2)."""
    return int(_libc.syscall(SYSCALL["kcmp"], pid, pid, _KCMP_FILE, number, other)) == 0


class _Limit(ctypes.Structure):
    _fields_ = (("what", ctypes.c_int64), ("soft", ctypes.c_uint64), ("hard", ctypes.c_uint64))


class _Launch(ctypes.Structure):
    """`struct launch` of launch.c."""

    _fields_ = (
        ("folder", ctypes.c_char_p),
        ("argv", ctypes.POINTER(ctypes.c_char_p)),
        ("environment", ctypes.POINTER(ctypes.c_char_p)),
        ("limits", ctypes.POINTER(_Limit)),
        ("limit_count", ctypes.c_uint64),
        ("filter", ctypes.c_void_p),
        ("filter_length", ctypes.c_uint64),
        ("exec_pass", ctypes.c_uint64),
        ("oom_score", ctypes.c_char_p),
        ("standard", ctypes.c_int32 * 3),
        ("terminal", ctypes.c_int32),
        ("uid", ctypes.c_int32),
        ("pid", ctypes.c_int32),
        ("pidfd", ctypes.c_int32),
        ("listener", ctypes.c_int32),
    )


class Started(NamedTuple):
    """A program that has been executed, with the listener of its filter, if it has one."""

    pid: int
    pidfd: int
    listener: int | None


def launch_program(
    argv: list[str],
    environment: dict[str, str],
    *,
    folder: str,
    uid: int,
    standard: tuple[int, int, int],
    terminal: bool,
    limits: list[tuple[int, int, int]],
    oom_score: int,
    program_filter: bytes | None,
    exec_pass: int,
) -> Started:
    """Execute `argv` as `uid`, in a session of its own, and contained; see launch.c. Raises OSError.

    `standard` become its descriptors 0 to 2, `limits` are resource, soft and hard; `exec_pass` is what the filter
    lets this one execve through by.
    """
    code = ctypes.create_string_buffer(program_filter) if program_filter is not None else None
    launch = _Launch(
        folder=folder.encode(),
        argv=_strings(argv),
        environment=_strings([f"{name}={value}" for name, value in environment.items()]),
        limits=(_Limit * len(limits))(*(_Limit(*limit) for limit in limits)),
        limit_count=len(limits),
        filter=ctypes.addressof(code) if code is not None else None,
        filter_length=len(program_filter or b"") // 8,
        exec_pass=exec_pass,
        oom_score=str(oom_score).encode(),
        standard=standard,
        terminal=terminal,
        uid=uid,
    )
    error = library().launch_program(ctypes.byref(launch))
    if error:
        raise OSError(error, os.strerror(error))
    return Started(launch.pid, launch.pidfd, launch.listener if program_filter is not None else None)


def _strings(values: list[str]) -> "ctypes.Array[ctypes.c_char_p]":
    return (ctypes.c_char_p * (len(values) + 1))(*[os.fsencode(value) for value in values], None)


@cache
def library() -> ctypes.CDLL:
    """The agent's parts in C."""
    return ctypes.CDLL(LIBRARY)


def start_receiver(listener: int, output: int, wake: int, stop: int) -> None:
    """Start the thread of receiver.c, which owns the four descriptors from now on. Raises OSError."""
    error = library().start_receiver(listener, output, wake, stop, TELLS_OF_REAPING, _KEEPS_STATUS)
    if error:
        raise OSError(error, os.strerror(error))


def wait_status_of(pid: int, pidfd: int) -> int | None:
    """The wait status of a process that has ended; None if it has been waited for, before Linux 6.15."""
    status = int(library().wait_status_of(pid, pidfd))
    return status if status >= 0 else None


def _may_trace() -> bool:
    """Whether Yama lets anybody trace others, see ptrace(2); without Yama, everybody may who is privileged."""
    try:
        with open("/proc/sys/kernel/yama/ptrace_scope") as scope:
            return int(scope.read()) < 3
    except OSError:
        return True


ASKS_FOR_TIMERS = MACHINE == "x86_64" and _may_trace()
"""Whether `real_timer` works here. Where it does not, the calls that set such timers have to be watched."""


class _Timer(ctypes.Structure):
    """`struct itimerval`: an interval and what is left, each in seconds and microseconds."""

    _fields_ = tuple((name, ctypes.c_int64) for name in ("every_s", "every_us", "left_s", "left_us"))


def real_timer(tid: int, *, is_child: bool) -> float:
    """In how many seconds the timer of real time of a process expires, 0.0 if it is not armed, by a thread of it that
    sleeps in a system call; see real_timer.c. Raises OSError.
    """
    timer = _Timer()
    error = library().real_timer(tid, is_child, ctypes.byref(timer))
    if error:
        raise OSError(error, os.strerror(error))
    return float(timer.left_s + timer.left_us / 1e6)


def remove_ipc(kind: str, identifier: int) -> None:
    """Remove a System V object: `kind` is `shm`, `msg` or `sem` as in `/proc/sysvipc`."""
    ipc_rmid = 0
    if kind == "shm":
        _call(_libc.shmctl(identifier, ipc_rmid, None))
    elif kind == "msg":
        _call(_libc.msgctl(identifier, ipc_rmid, None))
    else:
        _call(_libc.semctl(identifier, 0, ipc_rmid, 0))


_MSG_INFO, _SEM_INFO = 12, 19
_IPC_UNIT_BYTES = 64
"""Of the kernel's memory, for a message beside its text, and for a semaphore."""


def ipc_bytes() -> int:
    """About how much memory System V message queues and semaphores take; shared memory counts as pages.

    See MSG_INFO in msgctl(2) and SEM_INFO in semctl(2), whose structures have ten integers at most.
    """
    numbers = (ctypes.c_int * 10)()
    if _libc.msgctl(0, _MSG_INFO, numbers) < 0:
        return 0
    queues, messages, message_bytes = numbers[0], numbers[1], numbers[6]
    if _libc.semctl(0, 0, _SEM_INFO, numbers) < 0:
        return 0
    sets, semaphores = numbers[7], numbers[9]
    return message_bytes + _IPC_UNIT_BYTES * (messages + semaphores + 8 * (queues + sets))


_SYSTEM_CALL = {"x86_64": b"\x0f\x05", "aarch64": b"\x01\x00\x00\xd4"}[MACHINE]
_LOAD_SET_ROBUST_LIST = {"x86_64": b"\xb8\x11\x01\x00\x00", "aarch64": b"\x68\x0c\x80\xd2"}[MACHINE]


def exit_fallback_offsets() -> tuple[int, ...]:
    """Where in a page the system calls of the C library's `_exit` return to.

    Should `exit_group` be interrupted by a signal before it is received, the library calls `exit` from here, and
    must get through. The library is the same file for the agent and the dynamically linked programs it starts.
    """
    address = _address_of("_exit")
    code = ctypes.string_at(address, 64)
    return tuple((address + place.end()) & 0xFFF for place in re.finditer(re.escape(_SYSTEM_CALL), code))


def start_offsets() -> tuple[int, ...]:
    """Where in a page `set_robust_list` returns to when the loader starts a program or the library a thread.

    Only the one in a child of `fork` tells something new. A program in which that is at the same place would have
    its births untold, which proves less and claims nothing.
    """
    fork = _address_of("_Fork")
    pattern = re.compile(re.escape(_LOAD_SET_ROBUST_LIST) + b".{0,40}?" + re.escape(_SYSTEM_CALL), re.DOTALL)
    offsets = []
    with open("/proc/self/maps") as maps:
        for line in maps:
            if re.search(r" r-xp .*/(ld-linux|libc\.so)", line):
                start, end = (int(address, 16) for address in line.split()[0].split("-"))
                returns = [start + place.end() for place in pattern.finditer(ctypes.string_at(start, end - start))]
                offsets += [address & 0xFFF for address in returns if not fork <= address < fork + _FORK_BYTES]
    return tuple(offsets)


_FORK_BYTES = 1024


def _address_of(function: str) -> int:
    return ctypes.cast(getattr(_libc, function), ctypes.c_void_p).value or 0
