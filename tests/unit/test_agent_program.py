"""What the agent tells of the end of a process, whatever the moment at which its parent waits for it."""

import pytest

from sandbox.agent import program
from sandbox.agent.program import Program
from sandbox.agent.spawn import Spawned
from sandbox.wire import CapturedEvent, Event, Message

LIMITS = {"wall_seconds": 1.0, "output_bytes": 100.0}


@pytest.mark.parametrize("reaped_at", [1, 2, 3])
def test_a_status_is_not_lost_between_the_zombie_and_the_one_that_is_kept_of_it(
    reaped_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until a process is waited for `stat` has its status, afterwards the pidfd has; it may be at any of the looks."""
    looks = 0

    def is_reaped() -> bool:
        nonlocal looks
        looks += 1
        return looks >= reaped_at

    monkeypatch.setattr(program, "text", lambda path: {"error": "ENOENT"} if is_reaped() else "7 (p) Z")
    monkeypatch.setattr(program.kernel, "pidfd_exit_status", lambda pidfd: 4 if is_reaped() else None)
    sent: list[Message | CapturedEvent] = []
    started = Spawned(pid=5, pidfd=50, input=None, outputs=(), terminal=False, held_calls=None)
    run = Program(1, started, LIMITS, [], sent.append, lambda: 0.0)
    run.pidfds[70] = 7
    run.on_pidfd(70, reaped=False)
    (event,) = sent
    assert isinstance(event, Event)
    assert event.facts["stat"] == "7 (p) Z" or event.facts["wait_status"] == 4
