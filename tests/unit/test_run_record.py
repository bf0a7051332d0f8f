"""What is known of a run, as the agent tells of it."""

import pytest

from sandbox.errors import SandboxLostError
from sandbox.session import RunRecord
from sandbox.wire import Event, Events


def test_events_are_in_the_order_in_which_they_were_told() -> None:
    record = RunRecord(number=1)
    record.take(Events(1, b'[["birth",1.5,7,{}],["exit",2.5,7,{}]]'))
    assert [event.kind for event in record.events] == ["birth", "exit"]
    record.take(Event(1, "reaped", 3.5, 7, {}))
    record.take(Events(1, b'[["gone",4.5,7,{}]]'))
    assert [event.kind for event in record.events] == ["birth", "exit", "reaped", "gone"]


def test_events_that_are_none_are_the_sandbox_s_fault() -> None:
    record = RunRecord(number=1)
    record.take(Events(1, b"junk"))
    with pytest.raises(SandboxLostError, match="nonsense"):
        _ = record.events
