"""A course of one assignment for hostile programs: each attack is a check, with an honest check after it.

A program that is told to be honest does so only where it finds nothing of whoever ran before. So the honest check
after each attack tells that the attack has left nothing.
"""

from collections.abc import Sequence
from pathlib import Path

from grader.grade import grade
from grader.result import CheckResult, Outcome, Result
from grader.spec import Assignment, load_assignment
from grader.submission import load_submission

PROGRAMS = Path(__file__).with_name("programs")
PRELUDE = Path(__file__).parent.parent / "docker" / "programs" / "prelude.h"

MARK = "HIDDEN-MARK"
"""Stands in the title of each check and in its source: nothing in a sandbox has it."""

HONEST = """\
#include <unistd.h>
int main(void)
{
    char text[64];
    for (ssize_t left = read(0, text, sizeof text); left-- > 0;)
        if (write(1, &text[left], 1) != 1)
            return 1;
    return 0;
}
"""
"""A submission that does what is asked for, whatever it is told to do."""

_YAML = """\
name: hostile
title: An assignment that is attacked
submission: {{files: [hostile.c], optional: ['*.h']}}
build: {{program: hostile, cflags: [-std=gnu17, -O1, -g, -pthread]}}
limits: {{time: {seconds:g}s, memory: {memory}MiB, processes: {processes}, output: 64KiB}}
checks:
"""
_CHECK = """\
def test_{id}(program):  # {mark}
    run = program.run("{argument}", stdin=b"{secret}")
    assert run.stdout == b"{answer}"
    assert run.exit_code == 0
    assert not run.findings("fd-leak-exec", "fd-leak-exit", "zombie", "orphan")


"""


class Course:
    """The assignment's folder; a check `after_<attack>` follows each attack."""

    def __init__(
        self,
        folder: Path,
        attacks: Sequence[str] = (),
        *,
        seconds: float = 2,
        memory: int = 64,
        processes: int = 16,
    ) -> None:
        self.folder = folder / "course"
        self._submissions = folder
        checks = self.folder / "checks"
        checks.mkdir(parents=True)
        yaml = [_YAML.format(seconds=seconds, memory=memory, processes=processes)]
        tests = []
        for number, attack in enumerate(attacks or ["attack"]):
            for check, argument in ((attack, attack), (f"after_{attack}", "honest")):
                yaml.append(f"  {check}: {{title: {MARK} {check}, points: 1}}\n")
                secret = f"{number:04}-{argument}-{MARK}"
                tests.append(_CHECK.format(id=check, argument=argument, secret=secret, answer=secret[::-1], mark=MARK))
        (self.folder / "assignment.yaml").write_text("".join(yaml), encoding="utf-8")
        (checks / "test_hostile.py").write_text("".join(tests), encoding="utf-8")

    @property
    def assignment(self) -> Assignment:
        """As the grader has it."""
        return load_assignment(self.folder)

    def hand_in(self, source: str | bytes, name: str = "submission") -> Path:
        """A folder with that source as the program, and the headers it may want."""
        folder = self._submissions / name
        folder.mkdir()
        (folder / "hostile.c").write_bytes(source if isinstance(source, bytes) else source.encode())
        for header in (PROGRAMS / "hostile.h", PRELUDE):
            (folder / header.name).write_bytes(header.read_bytes())
        return folder

    def grade(self, submission: Path, *checks: str) -> Result:
        """Grade what was handed in by those checks, or by all."""
        assignment = self.assignment
        return grade(assignment, load_submission(submission, assignment.submission), only=frozenset(checks))


def by_id(result: Result) -> dict[str, CheckResult]:
    """The outcome of each check."""
    return {check.id: check for check in result.checks}


def verdict(check: CheckResult) -> str:
    """`passed`, `skipped`, or the kind of what a check failed with: its first finding, or `assertion`."""
    if check.outcome is not Outcome.FAILED:
        return check.outcome.value
    return check.findings[0].kind.value if check.findings else "assertion"
