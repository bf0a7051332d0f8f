"""The whole command `grader grade`, against its yardsticks, and what a deadlocked submission costs."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.contained import Floor, Peer, YardstickError, floor_runner, peer_image
from bench.effort import Effort
from bench.measure import Section, figure, interleave
from bench.recording import record
from grader.spec import load_assignment
from grader.submission import load_submission

ASSIGNMENT = "pipeline"
DEADLOCKED = "parent_keeps_write_ends"

FLOOR, GRADER, PEER = "floor: docker run, a runner in C", "grader grade", "peer: docker run, pytest and subprocess"
GRADER_STUCK, PEER_STUCK = "grader grade, deadlocked submission", "peer, deadlocked submission"


def measure_grading(effort: Effort) -> Section:
    """From the command line to the written JUnit XML, as whole processes."""
    assignment = load_assignment(ASSIGNMENT)
    reference = assignment.folder / "solution"
    deadlocked = assignment.folder / "bugs" / DEADLOCKED
    submission = load_submission(reference, assignment.submission)
    recording = record(assignment, submission)
    source = {file.name: file.data for file in submission.files}
    stuck_source = {file.name: file.data for file in load_submission(deadlocked, assignment.submission).files}
    variants: dict[str, Callable[[], float]] = {
        GRADER: lambda: grade_command_seconds(reference, status=0),
        GRADER_STUCK: lambda: grade_command_seconds(deadlocked, status=1),
    }
    notes = [f"{len(assignment.checks)} checks, {len(recording.commands)} runs of the program"]
    peer = None
    try:
        floor = Floor(assignment, recording, floor_runner())
        floor.seconds(source)
        variants = {FLOOR: lambda: floor.seconds(source), **variants}
        known_peer = Peer(assignment, recording, peer_image())
        known_peer.seconds(source)
        variants[PEER] = lambda: known_peer.seconds(source)
        peer = known_peer
    except YardstickError as error:
        notes.append(f"not measured: {error}")
    grade_command_seconds(reference, status=0)
    taken = interleave(variants, effort.gradings)
    if peer is not None:
        taken[PEER_STUCK] = [peer.seconds(stuck_source, passes=False) for _ in range(effort.peer_deadlocks)]
        notes.append(f"the peer's time limit is the assignment's, {assignment.limits.time_seconds:g} s for a run")
    against_floor = FLOOR if FLOOR in taken else ""
    figures = [figure(taken, FLOOR)] if against_floor else []
    figures.append(figure(taken, GRADER, against=against_floor, aim="≤ 1.25 times the floor"))
    if PEER in taken:
        figures.append(figure(taken, PEER, against=FLOOR, aim="about 1.7 times the floor"))
    figures.append(figure(taken, GRADER_STUCK, against=GRADER, aim="≤ 1.3 times the correct one"))
    if PEER_STUCK in taken:
        figures.append(figure(taken, PEER_STUCK, against=PEER))
    return Section(
        title=f"Grading {ASSIGNMENT}: cold command line to written report", figures=tuple(figures), notes=tuple(notes)
    )


def grade_command_seconds(submission: Path, *, status: int) -> float:
    """How long one `grader grade` takes, which must end with `status`."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "junit.xml")
        command = [sys.executable, "-m", "grader", "grade", ASSIGNMENT, str(submission), "--junit", str(report)]
        started = time.monotonic()
        done = subprocess.run(command, capture_output=True, check=False, cwd=Path(__file__).parent.parent)
        took = time.monotonic() - started
        if done.returncode != status or not report.exists():
            raise SystemExit(f"bench: grader grade ended with {done.returncode}\n{done.stderr.decode()}")
    return took
