"""The system calls of a watched program that the kernel holds until they are answered, see receiver.c."""

import errno
import fcntl
import os
import struct
from typing import NamedTuple

from sandbox.agent import kernel

# ioctl number and flag of <linux/seccomp.h>
_NOTIF_SEND = 0xC0182101
_USER_NOTIF_FLAG_CONTINUE = 1

_NOTIFICATION = struct.Struct("=QIIiIQ6Q")
_RESPONSE = struct.Struct("=QqiI")
_RECORD = struct.Struct("=IIQii")
_HELD = 0
_KINDS = {1: "birth", 2: "exec", 3: "exit"}
_READ_BYTES = 256 << 10
_NANOSECONDS = 1e9


class HeldCall(NamedTuple):
    """A call about to be made by thread `tid`, which the kernel holds until it is answered."""

    id: int
    tid: int
    number: int
    arguments: tuple[int, ...]


class CapturedCall(NamedTuple):
    """A call that has been answered: its event of `kind` at `time`, whose `facts` are JSON, and a `pidfd` that is
    the reader's.
    """

    kind: str
    time: float
    pid: int
    pidfd: int
    facts: bytes


class HeldCalls:
    """What the filter of one program tells. `descriptor` is readable when there is something to `take`."""

    def __init__(self, listener: int) -> None:
        self._listener = listener
        self.descriptor, output = os.pipe()
        os.set_blocking(self.descriptor, False)
        stop_receiver, self._stop = os.pipe()
        self._unread = bytearray()
        error = kernel.library().start_receiver(os.dup(listener), output, stop_receiver)
        if error:
            raise OSError(error, os.strerror(error))

    def take(self) -> list[HeldCall | CapturedCall] | None:
        """What has come by now; None when no more will."""
        try:
            data = os.read(self.descriptor, _READ_BYTES)
        except BlockingIOError:
            return []
        if not data:
            return None
        self._unread += data
        taken: list[HeldCall | CapturedCall] = []
        position = 0
        while len(self._unread) - position >= _RECORD.size:
            size, kind, time, pid, pidfd = _RECORD.unpack_from(self._unread, position)
            end = position + _RECORD.size + size
            if len(self._unread) < end:
                break
            content = bytes(self._unread[position + _RECORD.size : end])
            if kind == _HELD:
                notification_id, tid, _flags, number, _arch, _ip, *arguments = _NOTIFICATION.unpack(content)
                taken.append(HeldCall(notification_id, tid, number, tuple(arguments)))
            else:
                taken.append(CapturedCall(_KINDS[kind], time / _NANOSECONDS, pid, pidfd, content))
            position = end
        del self._unread[:position]
        return taken

    def let_go(self, call: HeldCall) -> None:
        """Let the held call happen."""
        self._answer(_RESPONSE.pack(call.id, 0, 0, _USER_NOTIF_FLAG_CONTINUE))

    def refuse(self, call: HeldCall, error_number: int) -> None:
        """Let the held call fail with `error_number` without happening."""
        self._answer(_RESPONSE.pack(call.id, 0, -error_number, 0))

    def _answer(self, response: bytes) -> None:
        try:
            fcntl.ioctl(self._listener, _NOTIF_SEND, bytearray(response))
        except OSError as error:
            if error.errno != errno.ENOENT:  # else the thread has been killed meanwhile
                raise

    def close(self) -> None:
        """Let every call happen that is still held, and hear of no more."""
        for descriptor in (self._listener, self.descriptor, self._stop):
            os.close(descriptor)
