"""A container with the agent in it: its outer limits, and the byte stream to it.

Loads nothing of Docker's, and nothing that Docker's SDK does not load as well: the sandbox waits for it.
"""

import os
import socket
import struct
from contextlib import suppress
from typing import NamedTuple, Protocol

from sandbox.errors import SandboxError, SandboxLostError

RUNTIME_VARIABLE = "GRADER_RUNTIME"
"""Names the runtime of every sandbox, also in the processes that a command starts."""

STDOUT = 1
_STREAM_HEADER = struct.Struct(">BxxxI")


class Containment(NamedTuple):
    """The outer limits of one container: of all student processes in it together."""

    memory_bytes: int
    processes: int


def named_runtime() -> str | None:
    """What the engine is to run containers with, such as Kata Containers; None is its default."""
    return os.environ.get(RUNTIME_VARIABLE) or None


class Closable(Protocol):
    """What only has to stay alive as long as the stream."""

    def close(self) -> object: ...


class ContainerStream:
    """The agent's standard input and output. Non-blocking; `fileno` is for select."""

    def __init__(self, container: str, uid: int, connection: socket.socket, *, keep: tuple[Closable, ...] = ()) -> None:
        self.container = container
        self.uid = uid
        self.errors = bytearray()
        self._socket = connection
        self._socket.setblocking(False)
        self._keep = keep
        self._buffer = bytearray()

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, data: bytes | memoryview) -> int:
        """Write what fits now; 0 if nothing does."""
        try:
            return self._socket.send(data)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise self._lost() from error

    def receive(self) -> bytes:
        """What the agent has sent by now, possibly nothing; raises SandboxError when the stream has ended."""
        try:
            data = self._socket.recv(1 << 20)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise self._lost() from error
        if not data:
            raise self._lost()
        self._buffer += data
        return self._split_streams()

    def _split_streams(self) -> bytes:
        """Take the engine's stream headers off, see "Stream format" of its attach endpoint."""
        received = bytearray()
        position = 0
        while len(self._buffer) - position >= _STREAM_HEADER.size:
            stream, size = _STREAM_HEADER.unpack_from(self._buffer, position)
            end = position + _STREAM_HEADER.size + size
            if len(self._buffer) < end:
                break
            payload = self._buffer[position + _STREAM_HEADER.size : end]
            if stream == STDOUT:
                received += payload
            else:
                self.errors += payload
            position = end
        del self._buffer[:position]
        return bytes(received)

    def _lost(self) -> SandboxError:
        said = self.errors.decode("utf-8", "replace").strip().splitlines()
        detail = f": {said[-1]}" if said else ""
        return SandboxLostError(
            f"the sandbox ended unexpectedly{detail}",
            "This is no fault of the submission; run the command again, and `grader doctor` if it persists.",
        )

    def close(self, *, at_once: bool = False) -> None:
        """Let go of the sandbox: its agent ends with the stream, and Docker removes the container.

        `at_once` removes it before returning.
        """
        for open_end in (*self._keep, self._socket):
            with suppress(OSError):
                open_end.close()
        if at_once:
            from sandbox.docker import remove

            with suppress(SandboxError):  # the agent ends all the same
                remove(self.container)
