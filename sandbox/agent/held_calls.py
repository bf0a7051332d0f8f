"""What a watched program does, as the receiver tells it, and the calls that wait for an answer; see receiver.c."""

import contextlib
import errno
import fcntl
import os
import struct
from typing import NamedTuple

from sandbox.agent import kernel
from sandbox.agent.reading import NANOSECONDS

# ioctl number and flag of <linux/seccomp.h>
_NOTIF_SEND = 0xC0182101
_USER_NOTIF_FLAG_CONTINUE = 1

_NOTIFICATION = struct.Struct("=QIIiIQ6QQ")  # and when it was received
_RESPONSE = struct.Struct("=QqiI")
_RECORD = struct.Struct("=IIi")
_HELD = 0
_READ_BYTES = 256 << 10


class HeldCall(NamedTuple):
    """A call about to be made by thread `tid` since `time`, which the kernel holds until it is answered."""

    id: int
    tid: int
    number: int
    arguments: tuple[int, ...]
    time: float


class Captured(NamedTuple):
    """What happened to the processes `pids`, in order: rows of JSON, see `Events` in wire.py."""

    pids: list[int]
    rows: list[bytes]


class HeldCalls:
    """What the receiver tells of one program. `descriptor` is readable when something waits to be taken; what can wait
    can be taken at any time.
    """

    def __init__(self, listener: int) -> None:
        self._listener = listener
        self.descriptor = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._records, output = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        stop_receiver, self._stop = os.pipe()
        self._unread = bytearray()
        kernel.start_receiver(os.dup(listener), output, os.dup(self.descriptor), stop_receiver)

    def take(self) -> list[HeldCall | Captured]:
        """What has come by now."""
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self.descriptor)  # before the records: what comes after this makes it readable again
        with contextlib.suppress(BlockingIOError):
            self._unread += os.read(self._records, _READ_BYTES)
        return self._parse()

    def take_rest(self) -> list[HeldCall | Captured]:
        """All there is to tell, to the end of every process; nothing is held or told any more. For after the end."""
        os.close(self._stop)
        os.set_blocking(self._records, True)
        while data := os.read(self._records, _READ_BYTES):
            self._unread += data
        self._close()
        return self._parse()

    def abandon(self) -> None:
        """Let every call happen that is still held, and hear of no more."""
        self._close()
        os.close(self._stop)

    def _close(self) -> None:
        for descriptor in (self._listener, self.descriptor, self._records):
            os.close(descriptor)

    def _parse(self) -> list[HeldCall | Captured]:
        taken: list[HeldCall | Captured] = []
        captured = Captured([], [])
        position = 0
        while len(self._unread) - position >= _RECORD.size:
            size, kind, pid = _RECORD.unpack_from(self._unread, position)
            end = position + _RECORD.size + size
            if len(self._unread) < end:
                break
            content = bytes(self._unread[position + _RECORD.size : end])
            position = end
            if kind == _HELD:
                notification_id, tid, _flags, number, _arch, _ip, *arguments, time = _NOTIFICATION.unpack(content)
                taken.append(HeldCall(notification_id, tid, number, tuple(arguments), time / NANOSECONDS))
                captured = Captured([], [])
                continue
            if not captured.rows:
                taken.append(captured)
            captured.pids.append(pid)
            captured.rows.append(content)
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
