"""What goes wrong while a check runs: hidden checks call `strike`, which each test of the grader's faults replaces."""

import contextlib
import select
import socket
import threading
from pathlib import Path


def strike() -> None:
    """Nothing goes wrong."""


class CutWire:
    """A socket before the Docker Engine's own, which can be cut as if the engine had died, or frozen as if it had been
    stopped: it takes everything and says nothing.
    """

    def __init__(self, path: Path, engine: Path = Path("/var/run/docker.sock")) -> None:
        self.address = f"unix://{path}"
        self._engine = str(engine)
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(path))
        self._listening.listen()
        self._open: list[socket.socket] = [self._listening]
        self._thawed = threading.Event()
        self._thawed.set()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Close everything, now."""
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def freeze(self) -> None:
        """Carry nothing any more."""
        self._thawed.clear()

    def thaw(self) -> None:
        """Carry what has come meanwhile, and go on."""
        self._thawed.set()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _address = self._listening.accept()
                engine = socket.socket(socket.AF_UNIX)
                engine.connect(self._engine)
                self._open += [client, engine]
                threading.Thread(target=self._carry, args=(client, engine), daemon=True).start()

    def _carry(self, client: socket.socket, engine: socket.socket) -> None:
        """Until one end is closed, or reset for what it had not read by then: the other end is closed, too."""
        other = {client: engine, engine: client}
        with client, engine, contextlib.suppress(OSError, ValueError):
            while True:
                for ready in select.select(list(other), (), ())[0]:
                    self._thawed.wait()
                    data = ready.recv(1 << 16)
                    if not data:
                        return
                    other[ready].sendall(data)
