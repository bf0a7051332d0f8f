"""A process that starts a sandbox while this one does something else.

Loading Docker's SDK and starting a container take longer than all else a grading does before its first check. The
two need a processor each, and threads of one interpreter share one.
"""

import json
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import NoReturn

from sandbox.container import ContainerStream, Containment
from sandbox.errors import SandboxError, SandboxLostError
from sandbox.owner import owner

_MESSAGE_BYTES = 64 << 10

Launch = Callable[[Containment], ContainerStream]
"""What starts a sandbox; raises SandboxError."""


def launch_here(containment: Containment) -> ContainerStream:
    """Start a sandbox in this very process."""
    from sandbox.docker import launch

    return launch(containment)


@contextmanager
def launch_ahead() -> Iterator[Launch]:
    """Begin to load what starting a sandbox needs, in a process of its own; yield what starts it.

    It starts one sandbox, or none. To be called while this process has a single thread. An engine that is reached
    through TLS or SSH has a stream that cannot be handed over: then nothing is begun, and the sandbox is started here.
    """
    if not _hands_over(os.environ.get("DOCKER_HOST", "")):
        yield launch_here
        return
    ours, theirs = socket.socketpair()
    owned_by = owner()
    with ours:
        if os.fork() == 0:
            ours.close()
            _serve(theirs, owned_by)
        theirs.close()

        def launch(containment: Containment) -> ContainerStream:
            ours.sendall(json.dumps(asdict(containment)).encode())
            data, descriptors, _flags, _address = socket.recv_fds(ours, _MESSAGE_BYTES, 1)
            answer = json.loads(data or b"{}")
            if not descriptors:
                error = SandboxLostError if answer.get("is_lost", True) else SandboxError
                raise error(*answer.get("error", ("the process that starts the sandbox died", "Run it again.")))
            return ContainerStream(answer["container"], answer["uid"], socket.socket(fileno=descriptors[0]))

        yield launch


def _hands_over(docker_host: str) -> bool:
    return docker_host == "" or docker_host.startswith("unix://")


def _serve(channel: socket.socket, owned_by: str) -> NoReturn:
    """Start a sandbox for the containment that is asked for, if one ever is, and hand its stream over.

    What is left of killed graders is cleared away afterwards, when nobody waits.
    """
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # who interrupts the command gets the stream, and closes it
        from sandbox.docker import clear_leftovers, launch

        data = channel.recv(_MESSAGE_BYTES)
        if data:
            _answer(channel, lambda: launch(Containment(**json.loads(data)), owned_by=owned_by))
            clear_leftovers()
    finally:
        os._exit(0)


def _answer(channel: socket.socket, launch: Callable[[], ContainerStream]) -> None:
    try:
        stream = launch()
    except SandboxError as error:
        is_lost = isinstance(error, SandboxLostError)
        channel.sendall(json.dumps({"error": (str(error), error.advice), "is_lost": is_lost}).encode())
        return
    message = json.dumps({"container": stream.container, "uid": stream.uid}).encode()
    with suppress(OSError):  # nobody waits any more: the agent ends with the stream
        socket.send_fds(channel, [message], [stream.fileno()])
    stream.close()
