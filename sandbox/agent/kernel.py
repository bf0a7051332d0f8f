"""The kernel calls that Python's standard library does not have, through ctypes."""

import ctypes
import errno
import fcntl
import os
import signal
import struct
from functools import cache
from typing import NamedTuple

from sandbox.syscall_numbers import NUMBERS

MACHINE = os.uname().machine
SYSCALL = NUMBERS[MACHINE]

_libc = ctypes.CDLL(None, use_errno=True)

RECEIVER = "/opt/grader/lib/receiver.so"

PR_SET_NO_NEW_PRIVS = 38
PR_SET_DUMPABLE = 4

SIGNALS = 64
"""The kernel's signals are numbered from 1 to this."""

SECCOMP_SET_MODE_FILTER = 1
SECCOMP_FILTER_FLAG_NEW_LISTENER = 1 << 3
SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV = 1 << 5

# ioctl numbers of <linux/seccomp.h> and <linux/pidfd.h>
_NOTIF_SEND = 0xC0182101
_PIDFD_GET_INFO = 0xC040FF0B
_PIDFD_INFO_EXIT = 1 << 3
_USER_NOTIF_FLAG_CONTINUE = 1

_NOTIFICATION = struct.Struct("=QIIiIQ6Q")
_RESPONSE = struct.Struct("=QqiI")


def _call(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def prctl(option: int, value: int) -> None:
    """See prctl(2)."""
    zero = ctypes.c_ulong(0)
    _call(_libc.prctl(option, ctypes.c_ulong(value), zero, zero, zero))


def default_dispositions() -> None:
    """Set every signal to its default action, see signal(7); also the two that the C library keeps for itself.

    Ignored ones survive every `execve` from the service that started the Docker Engine down to a student's program.
    """
    default = ctypes.create_string_buffer(32)  # the kernel's `struct sigaction`: SIG_DFL, no flags, an empty mask
    for number in range(1, SIGNALS + 1):
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            _call(_libc.syscall(SYSCALL["rt_sigaction"], number, default, None, ctypes.c_size_t(SIGNALS // 8)))


def install_filter(program: bytes) -> int:
    """Install a BPF program as seccomp filter of this thread; return its notification descriptor.

    Where the kernel can (5.19 on), a call that the agent has been told of is interrupted by fatal signals
    only, so that signals do not make the agent see one call twice.
    """
    code = ctypes.create_string_buffer(program)
    filter_program = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    argument = ctypes.create_string_buffer(filter_program)
    flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
    try:
        return _install(flags, argument)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return _install(SECCOMP_FILTER_FLAG_NEW_LISTENER, argument)


def _install(flags: int, argument: "ctypes.Array[ctypes.c_char]") -> int:
    number = SYSCALL["seccomp"]
    return _call(_libc.syscall(number, SECCOMP_SET_MODE_FILTER, ctypes.c_ulong(flags), argument))


def pidfd_getfd(pidfd: int, descriptor: int) -> int:
    """A copy of another process's descriptor, see pidfd_getfd(2)."""
    return _call(_libc.syscall(SYSCALL["pidfd_getfd"], pidfd, descriptor, 0))


class Notification(NamedTuple):
    """A system call about to be made by thread `tid`, which the kernel holds until it is answered."""

    id: int
    tid: int
    number: int
    arguments: tuple[int, ...]


def start_receiver(listener: int) -> tuple[int, int]:
    """Receive notifications of `listener` as fast as can be; return the pipe they come through, and the
    descriptor that ends this when closed.
    """
    notifications, output = os.pipe()
    stop_receiver, stop = os.pipe()
    error = _receiver().start_receiver(fcntl.fcntl(listener, fcntl.F_DUPFD_CLOEXEC, 3), output, stop_receiver)
    if error:
        raise OSError(error, os.strerror(error))
    return notifications, stop


@cache
def _receiver() -> ctypes.CDLL:
    return ctypes.CDLL(RECEIVER)


def read_notifications(pipe: int) -> list[Notification] | None:
    """The calls that are held now, from a pipe of `start_receiver`; None when no more will come."""
    data = os.read(pipe, 64 * _NOTIFICATION.size)
    if not data:
        return None
    held = []
    for notification_id, tid, _flags, number, _arch, _ip, *arguments in _NOTIFICATION.iter_unpack(data):
        held.append(Notification(notification_id, tid, number, tuple(arguments)))
    return held


def let_go(listener: int, notification: Notification) -> None:
    """Let the held call happen."""
    _answer(listener, _RESPONSE.pack(notification.id, 0, 0, _USER_NOTIF_FLAG_CONTINUE))


def refuse(listener: int, notification: Notification, error_number: int) -> None:
    """Let the held call fail with `error_number` without happening."""
    _answer(listener, _RESPONSE.pack(notification.id, 0, -error_number, 0))


def _answer(listener: int, response: bytes) -> None:
    try:
        fcntl.ioctl(listener, _NOTIF_SEND, bytearray(response))
    except OSError as error:
        if error.errno != errno.ENOENT:  # else the thread has been killed meanwhile
            raise


def pidfd_exit_status(pidfd: int) -> int | None:
    """The wait status of an ended process, even if it has been reaped; None before Linux 6.15."""
    buffer = bytearray(64)
    struct.pack_into("=Q", buffer, 0, _PIDFD_INFO_EXIT)
    try:
        fcntl.ioctl(pidfd, _PIDFD_GET_INFO, buffer)
    except OSError:
        return None
    (mask,) = struct.unpack_from("=Q", buffer, 0)
    status: int = struct.unpack_from("=i", buffer, 60)[0]
    return status if mask & _PIDFD_INFO_EXIT else None


def remove_ipc(kind: str, identifier: int) -> None:
    """Remove a System V object: `kind` is `shm`, `msg` or `sem` as in `/proc/sysvipc`."""
    ipc_rmid = 0
    if kind == "shm":
        _call(_libc.shmctl(identifier, ipc_rmid, None))
    elif kind == "msg":
        _call(_libc.msgctl(identifier, ipc_rmid, None))
    else:
        _call(_libc.semctl(identifier, 0, ipc_rmid, 0))


def exit_fallback_offsets() -> tuple[int, ...]:
    """Where in a page the system calls of the C library's `_exit` return to.

    Should `exit_group` be interrupted by a signal before it is received, the library calls `exit` from here, and
    must get through. The library is the same file for the agent and the dynamically linked programs it starts.
    """
    address = ctypes.cast(_libc._exit, ctypes.c_void_p).value or 0
    code = ctypes.string_at(address, 64)
    instruction = {"x86_64": b"\x0f\x05", "aarch64": b"\x01\x00\x00\xd4"}[MACHINE]
    offsets = []
    position = code.find(instruction)
    while position >= 0:
        offsets.append((address + position + len(instruction)) & 0xFFF)
        position = code.find(instruction, position + 1)
    return tuple(offsets)
