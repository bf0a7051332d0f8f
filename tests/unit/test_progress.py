"""The progress line: one line on a terminal, nothing anywhere else."""

import io

import pytest

from grader.progress import Progress
from grader.reports.text import cells


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_each_step_replaces_the_one_before_and_done_takes_it_away() -> None:
    stream = Terminal()
    with Progress(stream, enabled=True) as progress:
        progress.step("building")
        progress.step("two_stages")
    assert stream.getvalue() == "\r\x1b[2K⠋ building\r\x1b[2K⠙ two_stages\r\x1b[2K"


@pytest.mark.parametrize(("stream", "enabled"), [(Terminal(), False), (io.StringIO(), True)])
def test_nothing_is_written_elsewhere(stream: io.StringIO, enabled: bool) -> None:
    with Progress(stream, enabled=enabled) as progress:
        progress.step("building")
    assert stream.getvalue() == ""


def test_done_without_a_step_writes_nothing() -> None:
    stream = Terminal()
    Progress(stream, enabled=True).done()
    assert stream.getvalue() == ""


def test_the_line_goes_away_when_grading_fails() -> None:
    stream = Terminal()

    def interrupted() -> None:
        with Progress(stream, enabled=True) as progress:
            progress.step("building")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert stream.getvalue().endswith("\r\x1b[2K")


@pytest.mark.parametrize("text", ["x" * 500, "猫" * 500])
def test_a_step_fits_one_line(text: str) -> None:
    stream = Terminal()
    Progress(stream, enabled=True).step(text)
    assert cells(stream.getvalue().removeprefix("\r\x1b[2K")) < 80


def test_a_name_cannot_command_the_terminal() -> None:
    stream = Terminal()
    Progress(stream, enabled=True).step("ada\x1b[2J\nbob")
    assert stream.getvalue() == "\r\x1b[2K⠋ ada\\x1b[2J bob"
