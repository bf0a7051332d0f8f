"""What is drawn of a run is what happened in it."""

import re

import pytest
from recordings import recorded

from grader.checks.pictures import picture
from grader.checks.run import CheckContext, Run
from grader.picture import Life, Picture
from grader.reports.drawings import draw
from sandbox.session import RunRecord


def lives_of(behaviour: str) -> tuple[Life, ...]:
    recording = recorded(behaviour)
    record = RunRecord(number=1, pid=recording.root)
    for event in recording.events:
        record.take(event)
    run = Run(
        command="./subject",
        record=record,
        end=recording.end(),
        status=recording.history().root_process.status,
        stdout=b"",
        stderr=b"",
        deadlock=None,
        hang=(),
        context=CheckContext(),
    )
    return picture(run, ()).lives


def bars(lives: tuple[Life, ...], style: str) -> list[tuple[float, float]]:
    """Where each bar of a style begins and ends."""
    drawn = "".join(draw(Picture(command="./main", lives=lives)))
    found = re.findall(rf'<rect class="{style}" x="([\d.]+)" y="\d+" width="([\d.]+)"', drawn)
    return [(float(x), float(x) + float(width)) for x, width in found]


def life(pid: int, end: float | None, waited: float | None = None) -> Life:
    ppid = 7 if pid > 7 else None
    return Life(pid=pid, ppid=ppid, command="main", start=0, end=end, waited=waited, execs=(), ending="exited with 0")


def test_a_child_that_is_never_waited_for_is_a_zombie_until_its_parent_ends() -> None:
    parent, child = lives_of("leaves_a_zombie")
    assert child.end is not None
    assert child.waited == parent.end
    assert parent.waited is None


@pytest.mark.parametrize("behaviour", ["ignores_sigchld", "leaves_an_orphan", "child_ends_right_after_it"])
def test_a_child_that_was_never_its_parent_s_zombie_is_not_drawn_as_one(behaviour: str) -> None:
    for each in lives_of(behaviour):
        assert each.waited is None or each.end is None or each.waited - each.end < 0.05


def test_who_was_still_there_is_drawn_beyond_the_last_end() -> None:
    (_parent_from, parent_to), (_orphan_from, orphan_to) = bars((life(7, end=0.5), life(8, end=None)), "life")
    assert orphan_to > parent_to + 10
    (_from, parent_to), (_from, child_to) = bars((life(7, end=0.5), life(8, end=0.5)), "life")
    assert parent_to == child_to


def test_a_zombie_is_drawn_from_its_end_on() -> None:
    lives = life(7, end=1.0), life(8, end=0.25, waited=1.0)
    (_parent, (_begin, end)) = bars(lives, "life")
    ((zombie_from, zombie_to),) = bars(lives, "zombie")
    assert zombie_from == end < zombie_to
