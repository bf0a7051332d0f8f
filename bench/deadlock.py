"""How long after a program is stuck its deadlock is proven."""

import time
from pathlib import Path

from bench.effort import Effort
from bench.measure import Section, figure
from bench.opened import LIMITS, sandbox_with
from grader.checks.program import Program
from grader.checks.run import CheckContext
from grader.spec import Limits
from sandbox.session import Session

REFERENCE = Path(__file__).parents[1] / "reference"

_LABEL = "last instruction before blocking to the proof"


KINDS = {
    "a reader keeps the write end": "pipes/reader_keeps_write_end",
    "both write more than a pipe holds": "pipes/both_write_too_much",
    "waits for a child that writes": "pipes/waits_before_reading",
    "FIFOs opened crosswise": "pipes/fifos_opened_crosswise",
    "poll on a silent pipe": "pipes/polls_silent_pipe",
    "mutexes in opposite orders": "locks/opposite_orders",
    "a condition nobody signals": "locks/nobody_signals",
    "semaphores of two processes": "locks/shared_semaphores_crosswise",
    "a message nobody sends": "ipc/waits_for_message",
    "both ends of a socket receive": "sockets/both_receive",
    "a stopped child": "processes/stopped_child",
}


def measure_kinds(effort: Effort) -> Section:
    """Programs of the reference standards, from the start of each, as they do not tell when they got stuck."""
    taken = {}
    for what, name in KINDS.items():
        source = REFERENCE / f"{name}.c"
        with sandbox_with(source.stem, source.parent, ("-pthread",)) as session:
            taken[what] = [_seconds_from_start(session, source.stem) for _ in range(effort.deadlocks_of_a_kind)]
    return Section(
        title="Kinds of deadlock: from the start of the program to the proof",
        figures=tuple(figure(taken, what, aim="≤ 100 ms") for what in KINDS),
        notes=("the program's own way into the deadlock is part of it",),
    )


def _seconds_from_start(session: Session, name: str) -> float:
    run = Program(session, name, Limits(time_seconds=LIMITS.wall_seconds), CheckContext()).run()
    proven = time.monotonic()
    if not run.findings("deadlock"):
        raise SystemExit(f"bench: the deadlock of {name} was not proven")
    session.reset()
    return proven - run.history.root_process.execs[0].time


def measure_deadlock(effort: Effort) -> Section:
    """The container reads the same monotonic clock as the host, so their times can be compared."""
    with sandbox_with("stuck") as session:
        taken = {_LABEL: [_seconds_to_proof(session) for _ in range(effort.deadlocks)]}
    return Section(
        title="A deadlock: from stuck to proven",
        figures=(figure(taken, _LABEL, aim="≤ 100 ms"),),
        notes=("includes ending the program, and is when a check has the finding in hand",),
    )


def _seconds_to_proof(session: Session) -> float:
    program = Program(session, "stuck", Limits(time_seconds=LIMITS.wall_seconds), CheckContext())
    run = program.run()
    proven = time.monotonic()
    if not run.findings("deadlock"):
        raise SystemExit("bench: the deadlock was not proven")
    stuck = max(int(line) for line in run.stdout.split()) / 1e9
    session.reset()
    return proven - stuck
