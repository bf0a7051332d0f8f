"""What commands say where somebody has to act on it."""

import os
import shutil
from pathlib import Path

import pytest

from grader import batch
from grader.build import BuildReport
from grader.cli import main
from grader.errors import AssignmentError, GraderError, UsageError
from grader.observation import Observation, ObservedProcess, ObservedRun
from grader.reports import observation
from grader.spec import load_assignment
from grader.validate import load_bugs

SHIPPED = Path(__file__).parents[2] / "assignments"


def test_words_for_the_program_without_dashes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["observe", "program.c", "one", "two"])
    assert stop.value.code == 2
    assert "unrecognized arguments: one two; what is meant for the program stands behind --" in capsys.readouterr().err


def test_other_commands_have_no_program(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["list", "one"])
    assert capsys.readouterr().err.endswith("unrecognized arguments: one\n")


def process(pid: int, ppid: int) -> ObservedProcess:
    return ObservedProcess(pid=pid, ppid=ppid, argv=(), exit_code=0, signal=None, zombie_seconds=None, fds_at_exit=None)


@pytest.mark.parametrize("tool", ["", "LeakSanitizer"])
def test_the_processes_of_a_tool_are_not_shown_as_the_program_s(tool: str) -> None:
    run = ObservedRun(
        command="./a",
        exit_code=0,
        signal=None,
        ending="exited with 0",
        stdout=b"",
        stderr=b"",
        duration_seconds=0.0,
        processes=(process(34, 33), process(35, 34)),
        timeline=(),
        descriptor_errors=(),
    )
    observed = Observation(target="a.c", build=BuildReport(ok=True, log=""), run=run, findings=(), tool=tool)
    text = observation.render_terminal(observed, color=False, width=80)
    assert ("2 processes" in text, "35 " in text) == (not tool, not tool)


def test_a_disk_that_is_full_in_a_batch_asks_for_resume(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(GraderError, match="No space left") as full:
        batch._write(tmp_path / "a.html", "text")
    assert full.value.exit_status == 3
    assert "--resume" in full.value.advice
    with pytest.raises(UsageError):
        batch._write(tmp_path / "missing" / "a.html", "text")


def test_a_bug_without_a_label_is_told_once(tmp_path: Path) -> None:
    folder = tmp_path / "pipeline"
    shutil.copytree(SHIPPED / "pipeline", folder)
    (folder / "bugs" / "unlabelled").mkdir()
    with pytest.raises(AssignmentError) as caught:
        load_bugs(load_assignment(folder))
    assert (
        str(caught.value)
        .splitlines()[0]
        .endswith("bug.yaml: expected the label of the bug 'unlabelled': No such file or directory")
    )
