"""An assignment as small as can be, and a submission to it: what the tests of grading as a whole are about."""

import secrets
from pathlib import Path

from grader.grade import grade
from grader.result import Result
from grader.spec import load_assignment
from grader.submission import load_submission

YAML = """\
name: tiny
title: A tiny assignment
submission: {{files: [tiny.c]}}
build: {{program: tiny}}
limits: {{time: 60s, memory: {memory_kib}KiB}}
checks:
  one: {{title: The first, points: 1, visible: true}}
  two: {{title: The second, points: 2}}
"""

CHECKS = """\
def test_one(program):
    assert program.run().exit_code == 0


def test_two(program):
    assert program.run("two").stdout == b"two"
"""

PROGRAM = """\
#include <stdio.h>
int main(int argc, char **argv)
{
    if (argc > 1)
        fputs(argv[1], stdout);
    return 0;
}
"""


class TinyAssignment:
    """The files in `folder`; each can be written anew. Its memory limit is one that no other sandbox has."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "assignment"
        self.submission = folder / "ada"
        self.memory_kib = 96 * 1024 + secrets.randbelow(16 * 1024)
        (self.folder / "checks").mkdir(parents=True)
        self.submission.mkdir()
        self.write_yaml(self.yaml)
        self.write_checks(CHECKS)
        self.write_program(PROGRAM)

    @property
    def yaml(self) -> str:
        """The assignment.yaml that it has at first."""
        return YAML.format(memory_kib=self.memory_kib)

    def write_yaml(self, text: str) -> None:
        """Replace assignment.yaml."""
        (self.folder / "assignment.yaml").write_text(text, encoding="utf-8")

    def write_checks(self, source: str) -> None:
        """Replace the hidden checks."""
        (self.folder / "checks" / "test_tiny.py").write_text(source, encoding="utf-8")

    def write_program(self, source: str) -> None:
        """Replace the student's program."""
        (self.submission / "tiny.c").write_text(source, encoding="utf-8")

    def grade(self) -> Result:
        """Grade the submission in this very process."""
        assignment = load_assignment(self.folder)
        return grade(assignment, load_submission(self.submission, assignment.submission))
