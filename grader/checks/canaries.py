"""Whether time can be judged at all: before a program is blamed for being slow, two that are known run where it ran."""

import time

from sandbox.errors import SandboxLostError
from sandbox.session import RequestFailedError, RunLimits, RunRecord, Session

CANARY = "/usr/local/bin/canary"

GOOD_SECONDS = 1.0
"""The good one needs two milliseconds."""

BAD_SECONDS = 0.1

BUSY_SECONDS = 0.5
"""Where the bad one's tenth of a second takes longer than this, a program may well starve."""

PATIENCE = 60.0
"""For the bad one's end, which is the agent's to see to."""


def require_healthy_canaries(session: Session, *, starved: bool = False) -> None:
    """Run the known-good and the known-bad program; raises SandboxLostError unless they are told apart.

    A program that `starved` is blamed only if the machine is not as busy as that: it can starve itself.
    """
    try:
        session.reset()
        good = _run(session, "good", GOOD_SECONDS)
        started = time.monotonic()
        bad = _run(session, "bad", BAD_SECONDS)
        took = time.monotonic() - started
    except RequestFailedError as error:
        raise _not_judged(f"the canaries cannot be started: {error.errno_name}") from error
    assert good.ended is not None
    assert bad.ended is not None
    if (good.ended.reason, good.ended.facts["wait_status"], bytes(good.stdout)) != ("exited", 0, b"good"):
        raise _not_judged("a program known to be good fails in the same sandbox")
    if bad.ended.reason != "timeout":
        raise _not_judged("a program known never to end is not stopped in the same sandbox")
    if starved and took > BUSY_SECONDS:
        raise _not_judged("it is so busy that programs hardly run")


def _run(session: Session, which: str, seconds: float) -> RunRecord:
    limits = RunLimits(wall_seconds=seconds, cpu_seconds=10, processes=4, output_bytes=1024)
    record = session.spawn([CANARY, which], limits, with_input=False)
    if session.wait(lambda: record.ended, PATIENCE) is None:
        raise _not_judged(f"the {which} canary does not end")
    return record


def _not_judged(reason: str) -> SandboxLostError:
    return SandboxLostError(
        f"no time limit can be judged on this machine: {reason}",
        "Nothing was graded. Run the command again when the machine is less busy, or `grader doctor`.",
    )
