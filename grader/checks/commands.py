"""The grader's own work in the work folder: running a compiler or a tool's probe, files of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grader.build import BUILD_LIMITS
from grader.checks.run import CheckFailed
from grader.observe.signals import WaitStatus
from grader.submission import SubmittedFile
from sandbox.session import RequestFailedError, RunLimits, Session

ENDING_SECONDS = 30.0
"""How much longer than its time limit the end of a command may take to arrive: only a broken machine needs it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandResult:
    """How a command ended; `reason` is the agent's, `output` is standard output and error one after the other."""

    reason: str
    status: WaitStatus | None
    out_of_memory: bool
    output: str

    @property
    def ok(self) -> bool:
        return self.reason == "exited" and self.status == WaitStatus(exit_code=0, signal=None)


def run_command(
    session: Session,
    argv: Sequence[str],
    *,
    limits: RunLimits = BUILD_LIMITS,
    env: Mapping[str, str] | None = None,
) -> CommandResult:
    """Run it in the work folder as the student's user, unwatched and without input, to its end."""
    record = session.spawn(argv, limits, env={"LC_ALL": "C.UTF-8", **(env or {})}, watched=False, with_input=False)
    session.wait(lambda: record.ended, limits.wall_seconds + ENDING_SECONDS)
    session.stop(record)
    ended = record.ended
    assert ended is not None
    raw = ended.facts["wait_status"]
    return CommandResult(
        reason=ended.reason,
        status=WaitStatus.from_raw(raw) if raw is not None else None,
        out_of_memory=bool(ended.facts["oom_kills"]),
        output=(record.stdout + record.stderr).decode("utf-8", "replace"),
    )


def read_file(session: Session, name: str, max_bytes: int) -> bytes:
    """A file that must be there; raises CheckFailed if the program has removed it or put something else there."""
    try:
        return session.fetch(name, max_bytes)
    except RequestFailedError as error:
        raise CheckFailed(f"the program has spoilt {name}, so it cannot be read: {error.errno_name}") from error


def file_names(session: Session) -> list[str]:
    """What is in the work folder; raises CheckFailed if the program has put too much there."""
    try:
        return session.names()
    except RequestFailedError as error:
        raise CheckFailed(f"the names in the work folder cannot be read: {error.errno_name}") from error


def write_file(session: Session, name: str, data: bytes, mode: int = 0o644) -> None:
    """Write a file of the grader's; raises CheckFailed if the program has put one of that name there."""
    try:
        session.store(name, data, mode)
    except RequestFailedError as error:
        raise CheckFailed(f"the program has put a file {name} in the way: {error.errno_name}") from error


def require_unchanged(session: Session, files: Sequence[SubmittedFile]) -> None:
    """Raises CheckFailed if the submitted files are not what they were: the program may not write its own verdict."""
    for file in files:
        if read_file(session, file.name, len(file.data) + 1) != file.data:
            raise CheckFailed(f"the program has changed its own source {file.name}")
