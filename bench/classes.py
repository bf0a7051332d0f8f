"""A class graded by `grader batch`, against pytest and subprocess in one `docker run` for each submission, and against
the floor: a `docker run` for each that compiles and runs but checks nothing.
"""

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.contained import Floor, Peer, YardstickError, floor_runner, peer_image
from bench.effort import Effort
from bench.grading import ASSIGNMENT, DEADLOCKED
from bench.measure import Figure, Section, figure
from bench.recording import record
from grader.spec import load_assignment
from grader.submission import load_submission

BATCH = "grader batch"
ONE_BY_ONE = "peer, one after the other"
AT_ONCE = "peer, as many at a time as there are cores"
FLOOR_AT_ONCE = "floor, as many at a time as there are cores"
STUCK_IN = 5


def measure_classes(effort: Effort) -> Section:
    """Seconds for a class of correct submissions, and for one in which every fifth is deadlocked."""
    assignment = load_assignment(ASSIGNMENT)
    right = (assignment.folder / "solution" / "pipeline.c").read_bytes()
    stuck = (assignment.folder / "bugs" / DEADLOCKED / "pipeline.c").read_bytes()
    size = effort.class_size
    correct = [_distinct(right, number) for number in range(size)]
    mixed = [_distinct(stuck if number % STUCK_IN == 0 else right, number) for number in range(size)]
    figures: list[Figure] = []
    notes = [f"{size} submissions; the peer's time limit is {assignment.limits.time_seconds:g} s for a run"]
    taken: dict[str, list[float]] = {BATCH: [], f"{BATCH}, every fifth deadlocked": []}
    try:
        submission = load_submission(assignment.folder / "solution", assignment.submission)
        recording = record(assignment, submission)
        peer = Peer(assignment, recording, peer_image())
        peer.seconds({"pipeline.c": right})
        floor = Floor(assignment, recording, floor_runner())
        taken |= {ONE_BY_ONE: [], AT_ONCE: [], FLOOR_AT_ONCE: [], f"{ONE_BY_ONE}, every fifth deadlocked": []}
    except YardstickError as error:
        notes.append(f"not measured: {error}")
    batch_seconds(correct[:2])
    for _round in range(effort.classes):
        if ONE_BY_ONE in taken:
            taken[ONE_BY_ONE].append(_seconds(peer, correct, 1))
            taken[AT_ONCE].append(_seconds(peer, correct, os.cpu_count() or 1))
            taken[FLOOR_AT_ONCE].append(_seconds(floor, correct, os.cpu_count() or 1))
        taken[BATCH].append(batch_seconds(correct)[0])
        taken[f"{BATCH}, every fifth deadlocked"].append(batch_seconds(mixed)[0])
    if ONE_BY_ONE in taken:
        one_stuck = peer.seconds({"pipeline.c": stuck}, passes=False)
        for seconds in taken[ONE_BY_ONE]:  # every stuck one waits for the same time limits: one is measured
            alone = seconds / size
            stuck_count = len(range(0, size, STUCK_IN))
            taken[f"{ONE_BY_ONE}, every fifth deadlocked"].append(
                alone * (size - stuck_count) + one_stuck * stuck_count
            )
    figures.append(figure(taken, BATCH))
    if ONE_BY_ONE in taken:
        figures.append(figure(taken, ONE_BY_ONE, against=BATCH, aim="≥ 4 times the batch"))
        figures.append(figure(taken, AT_ONCE, against=BATCH, aim="≥ 2.5 times the batch"))
        figures.append(figure(taken, FLOOR_AT_ONCE, against=BATCH))
    figures.append(figure(taken, f"{BATCH}, every fifth deadlocked"))
    if ONE_BY_ONE in taken:
        stuck_batch = f"{BATCH}, every fifth deadlocked"
        figures.append(
            figure(taken, f"{ONE_BY_ONE}, every fifth deadlocked", against=stuck_batch, aim="≥ 15 times the batch")
        )
    small, large = (batch_seconds([_distinct(right, n) for n in range(count)])[1] for count in effort.memory_sizes)
    notes.append(
        f"the largest process: {small >> 10} MiB for {effort.memory_sizes[0]} submissions, {large >> 10} MiB for"
        f" {effort.memory_sizes[1]} ({large / small:.2f} times)"
    )
    return Section(title="A class", figures=tuple(figures), notes=tuple(notes))


def _distinct(source: bytes, number: int) -> bytes:
    return source + f"\n/* submission {number} */\n".encode()


def _seconds(yardstick: Peer | Floor, sources: list[bytes], jobs: int) -> float:
    started = time.monotonic()
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(lambda source: yardstick.seconds({"pipeline.c": source}), sources))
    return time.monotonic() - started


def batch_seconds(sources: list[bytes]) -> tuple[float, int]:
    """How long one `grader batch` takes, from the command to the class report, and its largest process in KiB."""
    with tempfile.TemporaryDirectory() as folder:
        submissions = Path(folder, "submissions")
        for number, source in enumerate(sources):
            (submissions / f"student{number:04}").mkdir(parents=True)
            (submissions / f"student{number:04}" / "pipeline.c").write_bytes(source)
        command = [sys.executable, "-m", "grader", "batch", ASSIGNMENT, str(submissions), "--out", f"{folder}/out"]
        started = time.monotonic()
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=Path(__file__).parent.parent
        ) as process:
            _pid, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise SystemExit(f"bench: grader batch ended with {process.returncode}")
        return time.monotonic() - started, usage.ru_maxrss
