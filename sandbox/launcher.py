"""A process that starts a sandbox while this one does something else.

Loading Docker's SDK and starting a container take longer than all else a grading does before its first check. The
two need a processor each, and threads of one interpreter share one. So it is begun before anything is loaded that
only one of the two needs.
"""

import importlib
import json
import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn, Self

from sandbox.container import ContainerStream, Containment, named_runtime
from sandbox.errors import SandboxError, SandboxLostError

_MESSAGE_BYTES = 64 << 10

_NEEDED_BY_BOTH = ("hashlib", "importlib.metadata", "logging", "pathlib", "tarfile", "threading")
"""Of the standard library, what Docker's SDK loads and so do pytest and the grader: it is not loaded twice."""

Launch = Callable[[Containment], ContainerStream]
"""What starts a sandbox; raises SandboxError."""


def launch_here(containment: Containment) -> ContainerStream:
    """Start a sandbox in this very process."""
    from sandbox.docker import launch

    return launch(containment)


class LauncherAhead:
    """A process that loads what starting a sandbox needs, from now on, and starts one when it is asked for.

    It starts one sandbox, or none. To be made while this process has a single thread, and closed or used with `with`.
    An engine that is reached through TLS or SSH has a stream that cannot be handed over: then nothing is begun, and
    the sandbox is started here.
    """

    def __init__(self) -> None:
        self._channel: socket.socket | None = None
        self._has_asked = False
        self._has_answer = False
        if not _hands_over(os.environ.get("DOCKER_HOST", "")):
            return
        for module in _NEEDED_BY_BOTH:
            importlib.import_module(module)
        self._channel, theirs = socket.socketpair()
        asked_by = os.getpid()
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))  # the other is to have no handler of ours
        if os.fork() == 0:
            self._channel.close()
            _serve(theirs, asked_by)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        theirs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Let it end; a sandbox that was asked for, and that nobody took, is removed."""
        if self._channel is None:
            return
        if self._has_asked and not self._has_answer:
            with suppress(SandboxError):
                self._answer(self._channel).close(at_once=True)
        self._channel.close()

    def ask(self, containment: Containment) -> None:
        """Have the sandbox started that `launch` will be called for, as soon as that can be done."""
        if self._channel is None or self._has_asked:
            return
        from sandbox.image import image_name  # looked up here, as the other process is still loading

        wanted = {"image": image_name(), "containment": containment._asdict(), "runtime": named_runtime()}
        self._has_asked = True
        with suppress(OSError):  # it has died, as `launch` will find
            self._channel.sendall(json.dumps(wanted).encode())

    def launch(self, containment: Containment) -> ContainerStream:
        """Start the sandbox, or wait for the one that was asked for; raises SandboxError."""
        if self._channel is None:
            return launch_here(containment)
        self.ask(containment)
        return self._answer(self._channel)

    def _answer(self, channel: socket.socket) -> ContainerStream:
        data, descriptors = b"", list[int]()
        with suppress(OSError):
            data, descriptors, _flags, _address = socket.recv_fds(channel, _MESSAGE_BYTES, 1)
        self._has_answer = True
        answer = json.loads(data or b"{}")
        if not descriptors:
            error = SandboxLostError if answer.get("is_lost", True) else SandboxError
            raise error(*answer.get("error", ("the process that starts the sandbox died", "Run it again.")))
        return ContainerStream(answer["container"], answer["uid"], socket.socket(fileno=descriptors[0]))


def _hands_over(docker_host: str) -> bool:
    return docker_host == "" or docker_host.startswith("unix://")


def _serve(channel: socket.socket, asked_by: int) -> NoReturn:
    """Start a sandbox for the containment that is asked for, if one ever is, and hand its stream over.

    What is left of killed graders is cleared away afterwards, when nobody waits.
    """
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # who interrupts the command gets the stream, and closes it
        nothing = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):  # who reads what the command writes waits for all who could write
            os.dup2(nothing, standard)
        from sandbox.docker import clear_leftovers

        if _launch_for(channel, asked_by):
            clear_leftovers()
    finally:
        os._exit(0)


def _launch_for(channel: socket.socket, asked_by: int) -> bool:
    """Whether a sandbox was asked for, and has been started."""
    from sandbox.docker import connect, launch_with
    from sandbox.owner import owner

    data = b""
    try:
        try:
            client = connect()  # while the one who asks finds out what for
        finally:
            data = channel.recv(_MESSAGE_BYTES)
        if not data:
            return False
        wanted = json.loads(data)
        containment = Containment(**wanted.pop("containment"))
        stream = launch_with(client, containment, owned_by=owner(asked_by), **wanted)
    except SandboxError as error:
        if data:
            is_lost = isinstance(error, SandboxLostError)
            channel.sendall(json.dumps({"error": (str(error), error.advice), "is_lost": is_lost}).encode())
        return False
    message = json.dumps({"container": stream.container, "uid": stream.uid}).encode()
    with suppress(OSError):  # nobody waits any more: the agent ends with the stream
        socket.send_fds(channel, [message], [stream.fileno()])
    stream.close()
    return True
