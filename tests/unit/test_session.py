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
