"""How long after a program is stuck its deadlock is proven."""

import time

from bench.effort import Effort
from bench.measure import Section, figure
from bench.opened import LIMITS, sandbox_with
from grader.checks.program import Program
from grader.checks.run import CheckContext
from grader.spec import Limits
from sandbox.session import Session

_LABEL = "last instruction before blocking to the proof"


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
