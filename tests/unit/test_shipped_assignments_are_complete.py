"""What every shipped assignment has, beside being valid."""

import re

import pytest

from grader.spec import load_assignment, shipped_names
from grader.validate import load_bugs

SUBJECTS = {
    *("pipe_rules", "two_way", "pipeline", "nonblocking_pipe", "fifo_chat", "eventfd_counter", "signal_basics"),
    *("graceful_server", "signalfd_loop", "reaper", "orphanage", "time_command", "proc_inspector", "file_mailbox"),
    *("bounded_queue", "shared_counter", "philosophers", "background_runner", "mini_shell"),
}


def test_every_subject_of_the_lectures_has_its_assignment() -> None:
    assert set(shipped_names()) >= SUBJECTS


@pytest.mark.parametrize("name", shipped_names())
def test_it_has_a_statement_a_starter_checks_bugs_and_other_right_ways(name: str) -> None:
    assignment = load_assignment(name)
    statement = (assignment.folder / "README.md").read_text(encoding="utf-8")
    assert len(statement.split()) > 200
    assert re.search(r"\(\d[a-z]*\)|\bman \d", statement), "the statement names no manual page"
    assert 6 <= len(assignment.checks) <= 15
    assert sum(check.points for check in assignment.checks) == 100
    assert any(check.visible for check in assignment.checks)
    assert all(check.hint or check.visible for check in assignment.checks)
    assert len(load_bugs(assignment)) >= 8
    assert len(list((assignment.folder / "alternatives").iterdir())) >= 2
    assert {path.name for path in (assignment.folder / "starter").iterdir()} >= set(assignment.submission.files)
