"""What the checks of an assignment run, recorded from a real grading, so that it cannot drift from them."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from unittest import mock

from grader.grade import grade
from grader.spec import Assignment
from grader.submission import Submission
from sandbox.session import RunLimits, RunRecord, Session


@dataclass(slots=True, kw_only=True)
class Command:
    """One run: of which check, with what, and the session's record of it.

    `disturbed` runs got a signal or a fault, or were stopped: run to their natural end they end otherwise.
    """

    check: str
    argv: list[str]
    record: RunRecord
    disturbed: bool
    stdin: bytearray = field(default_factory=bytearray)

    @property
    def exit_code(self) -> int | None:
        """As the program ended; None if a signal or the grader ended it."""
        ended = self.record.ended
        if ended is None or ended.reason != "exited" or not os.WIFEXITED(ended.facts["wait_status"]):
            return None
        return os.WEXITSTATUS(ended.facts["wait_status"])


@dataclass(slots=True)
class Recording:
    """The runs of one grading in their order, and the files that checks put into the work folder."""

    commands: list[Command]
    files: dict[str, bytes]


def record(assignment: Assignment, submission: Submission) -> Recording:
    """Grade the submission, which must get full marks, and return what its checks ran."""
    titles = {check.title: check.id for check in assignment.checks}
    current = [""]

    def on_step(said: str) -> None:
        current[0] = titles.get(said, current[0])

    with recorded(current) as recording:
        result = grade(assignment, submission, say=on_step)
    if not result.all_passed:
        raise SystemExit(f"bench: the reference solution of {assignment.name} does not pass every check")
    for command in recording.commands:
        command.disturbed = command.disturbed or command.exit_code is None
    return recording


@contextmanager
def recorded(current: Sequence[str]) -> Iterator[Recording]:
    """Record the watched runs of every session meanwhile; the first of `current` names the check they are of."""
    recording = Recording([], {})
    commands: dict[int, Command] = {}
    spawn, give, send_signal, store = Session.spawn, Session.input, Session.signal, Session.store

    def recorded_spawn(
        session: Session,
        argv: Sequence[str],
        limits: RunLimits,
        *,
        stdin: bytes | None = None,
        watched: bool = True,
        **options: object,
    ) -> RunRecord:
        run = spawn(session, argv, limits, stdin=stdin, watched=watched, **options)  # type: ignore[arg-type]  # as they came
        if watched:
            command = Command(check=current[0], argv=list(argv), record=run, disturbed=bool(options.get("faults")))
            command.stdin += stdin or b""
            commands[id(run)] = command
            recording.commands.append(command)
        return run

    def recorded_input(session: Session, run: RunRecord, data: bytes) -> None:
        if id(run) in commands:
            commands[id(run)].stdin += data
        give(session, run, data)

    def recorded_signal(session: Session, pid: int, number: int, *, group: bool = False) -> None:
        if recording.commands:
            recording.commands[-1].disturbed = True
        send_signal(session, pid, number, group=group)

    def recorded_store(session: Session, path: str, data: bytes, mode: int = 0o644) -> None:
        recording.files[path] = data
        store(session, path, data, mode)

    with (
        mock.patch.object(Session, "spawn", recorded_spawn),
        mock.patch.object(Session, "input", recorded_input),
        mock.patch.object(Session, "signal", recorded_signal),
        mock.patch.object(Session, "store", recorded_store),
    ):
        yield recording
