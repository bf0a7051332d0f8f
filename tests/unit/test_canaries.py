"""Before a program is blamed for being slow, two that are known are told apart."""

from typing import Any, cast

import pytest

from grader.checks import canaries
from grader.checks.canaries import BUSY_SECONDS, require_healthy_canaries
from sandbox.errors import SandboxLostError
from sandbox.session import RequestFailedError, RunRecord
from sandbox.wire import Ended

GOOD = Ended(1, "exited", {"wait_status": 0})
SLOW = Ended(1, "timeout", {"wait_status": 9})
FAILED = Ended(1, "exited", {"wait_status": 256})


class Cage:
    """A session in which the canaries end as they are told to; None never ends."""

    def __init__(self, good: Ended | None, bad: Ended | None, said: bytes = b"good") -> None:
        self._ends = {"good": good, "bad": bad}
        self._said = said

    def reset(self) -> None: ...

    def spawn(self, argv: list[str], limits: object, *, with_input: bool) -> RunRecord:
        return RunRecord(number=1, stdout=bytearray(self._said), ended=self._ends[argv[1]])

    def wait(self, condition: Any, seconds: float) -> object:
        return condition()


def look_at(cage: Cage) -> None:
    require_healthy_canaries(cast(Any, cage))


def test_a_good_one_that_ends_and_a_bad_one_that_does_not_are_healthy() -> None:
    look_at(Cage(GOOD, SLOW))


@pytest.mark.parametrize(
    "cage",
    [
        *(Cage(SLOW, SLOW), Cage(FAILED, SLOW), Cage(None, SLOW), Cage(GOOD, SLOW, b"")),
        *(Cage(GOOD, GOOD), Cage(GOOD, FAILED), Cage(GOOD, None)),
    ],
)
def test_otherwise_no_time_limit_can_be_judged(cage: Cage) -> None:
    with pytest.raises(SandboxLostError, match="no time limit can be judged"):
        look_at(cage)


def test_a_program_that_starved_on_a_busy_machine_is_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter((0.0, BUSY_SECONDS + 0.1))
    monkeypatch.setattr(canaries.time, "monotonic", lambda: next(clock))
    with pytest.raises(SandboxLostError, match="so busy that programs hardly run"):
        require_healthy_canaries(cast(Any, Cage(GOOD, SLOW)), starved=True)


def test_a_program_that_starved_itself_is_judged() -> None:
    require_healthy_canaries(cast(Any, Cage(GOOD, SLOW)), starved=True)


def test_canaries_that_cannot_be_started_are_not_healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_options: object) -> RunRecord:
        raise RequestFailedError("ENOMEM", "no memory")

    cage = Cage(GOOD, SLOW)
    monkeypatch.setattr(cage, "spawn", refuse)
    with pytest.raises(SandboxLostError, match="ENOMEM"):
        look_at(cage)
