"""How long a check waits for what does not come, when every message to the sandbox takes its time."""

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sandbox.session import Session
from sandbox.wire import Lost


class SlowSandbox:
    """A session in which nothing comes, on a clock of its own: each question takes `way` seconds."""

    def __init__(self, way: float, lost_share: float) -> None:
        self.now = 1000.0
        self.way = way
        self.lost_share = lost_share

    def wait(self, condition: Callable[[], Any], seconds: float, again: float) -> None:
        self.now += max(seconds, 0.0)

    def request(self, message: Lost) -> SimpleNamespace:
        self.now += self.way
        return SimpleNamespace(facts={"seconds": message.seconds * self.lost_share})


@pytest.mark.parametrize(
    ("way", "lost_share", "least", "most"),
    [
        (0.0001, 0.0, 4.0, 4.1),
        (0.05, 0.0, 4.0, 4.5),
        (1.0, 0.0, 5.0, 9.0),  # a message takes so long that the program got to know of it a second late
        (0.05, 0.5, 7.5, 10.0),
        (0.2, 0.9, 36.0, 60.0),
    ],
)
def test_waiting_ends_also_where_questions_take_their_time(
    way: float, lost_share: float, least: float, most: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = SlowSandbox(way, lost_share)
    monkeypatch.setattr(time, "monotonic", lambda: sandbox.now)
    started = sandbox.now
    assert Session.wait_fairly(cast(Session, sandbox), lambda: None, 4.0) is None
    assert least <= sandbox.now - started <= most
