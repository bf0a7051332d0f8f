"""What the grader adds to a check, beyond the run of the student's program."""

import itertools
import tempfile
import time
from pathlib import Path

from bench.effort import Effort
from bench.measure import Section, figure
from bench.recording import recorded
from grader.grade import grade
from grader.spec import Assignment, load_assignment
from grader.submission import Submission, load_submission
from sandbox.session import RunRecord

_PROGRAM = b"int main(void) { return 0; }\n"

_WALL, _OWN, _REST = (
    "a check, from its beginning to the next one's",
    "its program, from exec to end",
    "the grader's own",
)


def measure_own_cost(effort: Effort) -> Section:
    """Many checks that run a program which does nothing, in one session with all that a grading does."""
    taken: dict[str, list[float]] = {_WALL: [], _OWN: [], _REST: []}
    with tempfile.TemporaryDirectory() as folder:
        assignment, submission = _trivial_assignment(Path(folder), effort.checks)
        for _ in range(effort.check_sessions):
            for wall, own in _one_session(assignment, submission):
                taken[_WALL].append(wall)
                taken[_OWN].append(own)
                taken[_REST].append(wall - own)
    return Section(
        title="The price of a check: what the grader adds to the program's own run",
        figures=(figure(taken, _WALL), figure(taken, _OWN), figure(taken, _REST, aim="≤ 5 ms")),
    )


def _one_session(assignment: Assignment, submission: Submission) -> list[tuple[float, float]]:
    """Pairs of seconds: the check and its program; without the first check and the last, which border on more."""
    titles = {check.title for check in assignment.checks}
    began: list[float] = []

    def on_step(said: str) -> None:
        if said in titles:
            began.append(time.monotonic())

    with recorded([""]) as recording:
        result = grade(assignment, submission, say=on_step)
    if not result.all_passed:
        raise SystemExit("bench: a trivial check failed")
    walls = [after - before for before, after in itertools.pairwise(began)]
    owns = [_own_seconds(command.record) for command in recording.commands]
    return list(zip(walls, owns, strict=False))[1:]


def _own_seconds(run: RunRecord) -> float:
    """From the moment its image is loaded until the agent sees that it has ended."""
    times = {event.kind: event.time for event in run.events if event.pid == run.pid}
    return times["end"] - times["exec"]


def _trivial_assignment(folder: Path, count: int) -> tuple[Assignment, Submission]:
    checks = "\n".join(f"  check_{number}: {{title: Check {number}, points: 1}}" for number in range(count))
    tests = "\n\n".join(
        f"def test_check_{number}(program):\n    assert program.run().exit_code == 0\n" for number in range(count)
    )
    (folder / "assignment.yaml").write_text(
        f"name: trivial\ntitle: Nothing\ntopics: []\nsubmission: {{files: [nothing.c]}}\n"
        f"build: {{program: nothing}}\nchecks:\n{checks}\n"
    )
    (folder / "checks").mkdir()
    (folder / "checks" / "test_nothing.py").write_text(tests)
    source = folder / "nothing.c"
    source.write_bytes(_PROGRAM)
    assignment = load_assignment(folder)
    return assignment, load_submission(source, assignment.submission)
