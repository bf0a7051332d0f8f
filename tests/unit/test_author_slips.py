"""What authors of checks and labels get wrong is told with the mend."""

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from grader.checks.run import Fault, Invocation, require_bytes
from grader.checks.view import ProcessView
from grader.errors import AssignmentError
from grader.spec import load_assignment
from grader.validate import load_bugs, validate

if TYPE_CHECKING:
    from grader.observe.snapshot import ProcessState

YAML = """\
name: tiny
title: Tiny
topics: [pipe]
submission:
  files: [tiny.c]
build:
  program: tiny
limits: {time: 5s, memory: 64MiB, processes: 16, output: 64KiB}
checks:
  runs: {title: It runs, points: 10}
"""


def assignment(folder: Path, label: str) -> Path:
    (folder / "checks").mkdir(parents=True)
    (folder / "assignment.yaml").write_text(YAML)
    (folder / "checks" / "test_tiny.py").write_text(
        "def test_runs(program):\n    assert program.run().exit_code == 0\n"
    )
    (folder / "bugs" / "one").mkdir(parents=True)
    (folder / "bugs" / "one" / "bug.yaml").write_text(label)
    return folder


def invocation(*args: str, stdin: bytes = b"", fail: tuple[Fault, ...] = ()) -> Invocation:
    return Invocation(args=args, stdin=stdin, timeout=None, env=None, fail=fail)


def test_a_text_where_bytes_are_meant() -> None:
    with pytest.raises(TypeError, match=r"^the pattern of expect has to be bytes: write b'ready'$"):
        require_bytes("the pattern of expect", "ready")
    with pytest.raises(TypeError, match=r"^stdin has to be bytes: 'caf\xe9'\.encode\(\)$"):
        invocation(stdin="caf\xe9")  # type: ignore[arg-type]  # the slip
    require_bytes("stdin", b"ready")


def test_a_name_where_a_fault_is_meant() -> None:
    with pytest.raises(TypeError, match=r"such as \[Fault\(\"fork\", \"EAGAIN\"\)\], and 'fork' is no Fault"):
        invocation(fail=("fork",))  # type: ignore[arg-type]  # the slip


def test_a_number_among_the_words_of_a_command_line() -> None:
    with pytest.raises(TypeError, match="have to be texts, and 5 is none"):
        invocation("sleep", 5)  # type: ignore[arg-type]  # the slip


def test_a_system_call_that_does_not_exist() -> None:
    facts = {"pid": 7, "ppid": 1, "pgid": 7, "sid": 7, "command": "cat", "argv": ("cat",), "live_threads": ()}
    sleeping = ProcessView(cast("ProcessState", SimpleNamespace(**facts)))
    assert not sleeping.blocked_in("nanosleep", "open")
    with pytest.raises(ValueError, match=r"^no such system call is known: 'raed'; did you mean 'read'\?$"):
        sleeping.blocked_in("raed")


def test_a_label_with_a_kind_that_does_not_exist(tmp_path: Path) -> None:
    folder = assignment(tmp_path / "tiny", "description: leaks\nfails:\n  runs: fd-leak\n")
    with pytest.raises(
        AssignmentError, match="expected the kind of a finding, or assertion, found 'fd-leak'"
    ) as caught:
        load_bugs(load_assignment(folder))
    assert caught.value.place is not None
    assert caught.value.place.line == 3
    assert caught.value.advice.startswith("did you mean 'fd-leak-e")


def test_an_assignment_without_a_solution(tmp_path: Path) -> None:
    folder = assignment(tmp_path / "tiny", "description: leaks\nfails:\n  runs: fd-leak-exec\n")
    with pytest.raises(AssignmentError, match="expected a folder with a solution that has full marks, found none"):
        validate(folder)
