"""What the host's end of a sandbox makes of the agent's answers."""

import socket

import pytest

from sandbox.errors import SandboxLostError
from sandbox.session import Session
from sandbox.wire import Done, Failed, Message, encode


class AnsweringStream:
    """A stream on which the answers to the first requests have come already."""

    def __init__(self, *answers: Message) -> None:
        self._near, self._far = socket.socketpair()
        self._near.setblocking(False)
        self._far.sendall(b"".join(encode(answer, number) for number, answer in enumerate(answers, 1)))

    def fileno(self) -> int:
        return self._near.fileno()

    def send(self, data: bytes | memoryview) -> int:
        return self._near.send(data)

    def receive(self) -> bytes:
        return self._near.recv(1 << 16)

    def close(self, *, at_once: bool = False) -> None:
        self._near.close()
        self._far.close()


def test_what_is_asked_for_ahead_is_not_waited_for() -> None:
    with Session(AnsweringStream()) as session:
        session.stage("main.c", b"int main(void) { }\n")
        session.reset()


@pytest.mark.parametrize(
    "answers",
    [(Failed("ENOSPC", "no room"), Done({}, b"")), (Done({}, b""), Failed("ENOSPC", "no room"))],
    ids=["a file", "the cleaning"],
)
def test_what_was_asked_for_ahead_and_failed_is_the_sandbox_s_fault(answers: tuple[Message, ...]) -> None:
    with Session(AnsweringStream(*answers, Done({"names": []}, b""))) as session:
        session.stage("main.c", b"int main(void) { }\n")
        session.reset()
        with pytest.raises(SandboxLostError, match="the sandbox cannot be made ready: no room"):
            session.names()


class InterruptedStream(AnsweringStream):
    """A stream whose reader is interrupted between receiving and taking in, once."""

    has_been_read = False

    def receive(self) -> bytes:
        received = super().receive()
        if not self.has_been_read:
            self.has_been_read = True
            raise KeyboardInterrupt
        return received


def test_who_was_interrupted_waits_for_no_answer_any_more() -> None:
    """It may be lost, and a minute would pass in the `finally` of a check."""
    with Session(InterruptedStream(Done({"names": []}, b""))) as session:
        with pytest.raises(KeyboardInterrupt):
            session.names()
        with pytest.raises(KeyboardInterrupt):
            session.reset()
        with pytest.raises(KeyboardInterrupt):
            session.wait(lambda: None, 60)


def test_who_was_interrupted_between_two_requests_goes_on() -> None:
    """What a check lays down on its way out is cleared away."""
    with Session(AnsweringStream(Done({"names": []}, b""), Done({"names": ["a"]}, b""))) as session:
        try:
            session.names()
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            assert session.names() == ["a"]
