"""What a blocked system call points to: the memory and the socket options that say what it waits for.

Nothing is interpreted here beyond which argument is a pointer, and to how much.
"""

import os
import stat
import struct

from sandbox.agent import kernel
from sandbox.agent.reading import memory
from sandbox.wire import Facts

PATH_BYTES = 256
MAX_POLLED = 1024
AT_FDCWD = 0xFFFFFF9C

FUTEX_BEFORE, FUTEX_AFTER = 48, 48
"""How much around a futex word is read: any lock of the C library that it may be part of."""

_NAMES = {number: name for name, number in kernel.SYSCALL.items()}


def memory_of_call(tid: int, syscall: str | Facts) -> Facts:
    """Argument index to the bytes it points to, in hexadecimal; `around` for what surrounds a futex word."""
    fields = syscall.split() if isinstance(syscall, str) else []
    if len(fields) < 8 or not fields[0].isdigit():
        return {}
    arguments = [int(field, 16) for field in fields[1:7]]
    found: Facts = {}
    for index, size in _pointers(_NAMES.get(int(fields[0]), ""), arguments):
        if arguments[index]:
            found[str(index)] = memory(tid, arguments[index], size)
    if path := _opened_path(tid, _NAMES.get(int(fields[0]), ""), arguments, found):
        found["fifo"] = "01" if _is_fifo(path) else "00"
    if "0" in found and _NAMES.get(int(fields[0])) == "futex":
        found["around"] = memory(tid, arguments[0] - FUTEX_BEFORE, FUTEX_BEFORE + FUTEX_AFTER)
    return found


def _opened_path(tid: int, name: str, arguments: list[int], found: Facts) -> str:
    """The path that a blocked open is for, as the agent sees it; "" if it is none or not to be told."""
    index = {"open": 0, "creat": 0, "openat": 1, "openat2": 1}.get(name, -1)
    content = found.get(str(index))
    if not isinstance(content, str):
        return ""
    path = os.fsdecode(bytes.fromhex(content).partition(b"\0")[0])
    if index == 0 or path.startswith("/") or arguments[0] & 0xFFFFFFFF == AT_FDCWD:
        return os.path.join(f"/proc/{tid}/cwd", path)
    return os.path.join(f"/proc/{tid}/fd/{arguments[0] & 0xFFFFFFFF}", path)


def _is_fifo(path: str) -> bool:
    try:
        return stat.S_ISFIFO(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False


def _pointers(name: str, arguments: list[int]) -> list[tuple[int, int]]:
    match name:
        case "futex":
            return [(0, 40)]
        case "open" | "creat":
            return [(0, PATH_BYTES)]
        case "openat" | "openat2":
            return [(1, PATH_BYTES)]
        case "poll" | "ppoll":
            return [(0, 8 * min(arguments[1], MAX_POLLED))]
        case "select" | "pselect6":
            size = (min(arguments[0], MAX_POLLED) + 63) // 64 * 8
            return [(1, size), (2, size), (3, size)]
        case "fcntl":
            return [(2, 32)]
        case _:
            return []


def socket_facts(pid: int, number: int) -> Facts:
    """A socket's family and its receive and send timeouts, zero for none; empty if they cannot be had."""
    import socket  # slow to import, seldom needed, and the agent starts with every container

    try:
        pidfd = os.pidfd_open(pid)
        try:
            copy = kernel.pidfd_getfd(pidfd, number)
        finally:
            os.close(pidfd)
    except OSError:
        return {}
    its_socket = None
    try:
        its_socket = socket.socket(fileno=copy)
        timeouts = [
            struct.unpack("=qq", its_socket.getsockopt(socket.SOL_SOCKET, option, 16))
            for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO)
        ]
        return {"family": int(its_socket.family), "timeouts": [list(timeout) for timeout in timeouts]}
    except OSError:
        return {}
    finally:
        if its_socket is not None:
            its_socket.detach()
        kernel.close_aside(copy)
