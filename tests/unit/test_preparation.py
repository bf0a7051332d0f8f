"""What becomes of a sandbox that is still being started when the grading is interrupted."""

import os
import signal
import socket
import threading
from collections.abc import Iterator

import pytest

from grader.grade import Preparation
from grader.spec import load_assignment
from sandbox.container import ContainerStream, Containment


class ClosedStream(ContainerStream):
    """A stream that remembers how it was closed."""

    was_removed: bool | None = None

    def close(self, *, at_once: bool = False) -> None:
        self.was_removed = at_once
        super().close()  # the container is none of Docker's


@pytest.fixture(autouse=True)
def _ctrl_c() -> Iterator[None]:
    """What starts these tests may have it ignored, as a shell does for a job in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_sandbox_that_comes_up_after_the_interrupt_is_removed() -> None:
    near, far = socket.socketpair()
    stream = ClosedStream("container", 20_000, near)
    has_started, may_come_up = threading.Event(), threading.Event()

    def launch(_containment: Containment) -> ContainerStream:
        has_started.wait()
        os.kill(os.getpid(), signal.SIGINT)
        may_come_up.wait()
        return stream

    preparation = Preparation(load_assignment("pipeline"), (), lambda _: None, launch)

    def start_and_wait() -> None:
        preparation.start()
        has_started.set()
        preparation.built()

    with far, pytest.raises(KeyboardInterrupt):
        start_and_wait()
    may_come_up.set()
    preparation.close(at_once=True)
    preparation.join()
    assert stream.was_removed is True
