"""The programs' own time: how much of it is lost to others."""

import pytest

from sandbox.agent.clock import LONGEST_TURN_SECONDS, SILENCE_SECONDS, OwnClock, lost_seconds


@pytest.mark.parametrize(
    ("used", "waited", "lost"),
    [
        (1.0, 0.0, 0.0),  # computes all the time
        (0.0, 0.0, 0.0),  # sleeps all the time
        (0.4, 0.0, 0.0),  # some of both
        (0.5, 0.5, 0.5),  # gets half of what it could use
        (0.0, 1.0, 1.0),  # gets nothing
        (0.2, 0.2, 0.2),  # sleeps most of the time, and gets half of what it could use of the rest
        (2.0, 14.0, 0.0),  # sixteen that spin and have both processors
        (1.0, 15.0, 0.5),  # the same with half of them
        (4.0, 0.0, 0.0),  # more than there can be: times are not measured at one moment
    ],
)
def test_lost_is_what_others_had_while_it_was_wanted(used: float, waited: float, lost: float) -> None:
    assert lost_seconds(1.0, used, waited, processors=2) == pytest.approx(lost)
    assert lost_seconds(0.1, used / 10, waited / 10, processors=2) == pytest.approx(lost / 10)


@pytest.mark.parametrize("used", [0.0, 0.3, 1.0, 7.0])
@pytest.mark.parametrize("waited", [0.0, 0.3, 1.0, 99.0])
@pytest.mark.parametrize("processors", [1, 2, 64])
def test_no_more_is_lost_than_passed(used: float, waited: float, processors: int) -> None:
    assert 0 <= lost_seconds(1.0, used, waited, processors) <= 1
    assert lost_seconds(0.0, used, waited, processors) == 0


def test_the_clock_stands_still_while_the_agent_is_stopped_even_between_two_turns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    monkeypatch.setattr("time.process_time", lambda: 0.0)
    monkeypatch.setattr("sandbox.agent.capture.student_processes", list)
    clock = OwnClock()
    clock.start()
    now += 3.0
    assert clock.now() == pytest.approx(100.0, abs=LONGEST_TURN_SECONDS)
    clock.turn()
    assert clock.now() == pytest.approx(100.0, abs=LONGEST_TURN_SECONDS)


def test_what_passes_while_nothing_comes_from_the_host_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Input may be on its way to the program, behind an engine that is frozen."""
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    monkeypatch.setattr("sandbox.agent.capture.student_processes", list)
    clock = OwnClock()
    clock.start()
    for _turn in range(300):
        now += 0.01
        clock.turn()
    assert clock.now() == pytest.approx(100.0 + SILENCE_SECONDS, abs=0.02)
    clock.hear()
    for _turn in range(100):
        now += 0.01
        clock.hear()
        clock.turn()
    assert clock.now() == pytest.approx(101.0 + SILENCE_SECONDS, abs=0.02)
