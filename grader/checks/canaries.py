"""Whether time can be judged at all: before a program is blamed for being slow, two that are known run where it ran."""

from sandbox.errors import SandboxLostError
from sandbox.session import RequestFailedError, RunLimits, RunRecord, Session

CANARY = "/usr/local/bin/canary"

GOOD_SECONDS = 1.0
"""The good one needs two milliseconds."""

BAD_SECONDS = 0.1

PATIENCE = 60.0
"""For the bad one's end, which is the agent's to see to."""


def require_healthy_canaries(session: Session) -> None:
    """Run the known-good and the known-bad program; raises SandboxLostError unless they are told apart."""
    try:
        session.reset()
        good = _run(session, "good", GOOD_SECONDS)
        bad = _run(session, "bad", BAD_SECONDS)
    except RequestFailedError as error:
        raise _not_judged(f"the canaries cannot be started: {error.errno_name}") from error
    assert good.ended is not None
    assert bad.ended is not None
    if (good.ended.reason, good.ended.facts["wait_status"], bytes(good.stdout)) != ("exited", 0, b"good"):
        raise _not_judged("a program known to be good fails in the same sandbox")
    if bad.ended.reason != "timeout":
        raise _not_judged("a program known never to end is not stopped in the same sandbox")


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
