"""What being watched costs a program, in its own eyes: the time that it measures of itself."""

from collections.abc import Callable, Sequence

from bench.effort import Effort
from bench.measure import Figure, Section, figure, interleave
from bench.opened import LIMITS, sandbox_with
from sandbox.session import Session

FORKS = 500
BYTES = 1_000_000
TRACED_BYTES = 10_000
ROUNDS_OF_MIXED = 65

STRACE = ("/usr/bin/strace", "-f", "-o", "/dev/null")

UNWATCHED, WATCHED, TRACED = "not watched", "watched", "strace -f"


def measure_forks(effort: Effort) -> Section:
    """Short processes are what watching costs most: each is looked at when it is born, executes and exits."""
    with sandbox_with("forks") as session:
        argv = ("./forks", str(FORKS))
        return Section(
            title=f"Being watched: {FORKS} times fork, exec of `true`, and wait",
            figures=_compared(session, argv, effort, aim="≤ 1.3"),
        )


def measure_bytes(effort: Effort) -> Section:
    """Calls that are not listed in the filter run at full speed."""
    with sandbox_with("bytes") as session:
        watched = _interleaved(session, ("./bytes", str(BYTES)), effort.watched_runs)
        traced = interleave(
            {
                UNWATCHED: lambda: _own_seconds(session, ("./bytes", str(TRACED_BYTES)), watched=False),
                TRACED: lambda: _own_seconds(session, (*STRACE, "./bytes", str(TRACED_BYTES)), watched=False),
            },
            effort.traced_runs,
        )
    return Section(
        title=f"Being watched: {BYTES} bytes, each written to a pipe and read back",
        figures=(
            figure(watched, UNWATCHED),
            figure(watched, WATCHED, against=UNWATCHED, aim="≤ 1.02"),
            figure(traced, UNWATCHED, shown_as=f"{UNWATCHED}, {TRACED_BYTES} bytes"),
            figure(traced, TRACED, against=UNWATCHED, shown_as=f"{TRACED}, {TRACED_BYTES} bytes"),
        ),
    )


def measure_deadlock_watch(effort: Effort) -> Section:
    """The agent looks every few milliseconds whether all processes sleep; here they often do."""
    with sandbox_with("mixed") as session:
        taken = _interleaved(session, ("./mixed", str(ROUNDS_OF_MIXED)), effort.watched_runs)
    return Section(
        title="The deadlock watch on a correct program: two processes that compute and sleep in turn",
        figures=(figure(taken, UNWATCHED), figure(taken, WATCHED, against=UNWATCHED, aim="≤ 1.02")),
    )


def _compared(session: Session, argv: Sequence[str], effort: Effort, *, aim: str) -> tuple[Figure, ...]:
    taken = _interleaved(session, argv, effort.watched_runs)
    traced = interleave(
        {
            UNWATCHED: lambda: _own_seconds(session, argv, watched=False),
            TRACED: lambda: _own_seconds(session, (*STRACE, *argv), watched=False),
        },
        effort.traced_runs,
    )
    return (
        figure(taken, UNWATCHED),
        figure(taken, WATCHED, against=UNWATCHED, aim=aim),
        figure(traced, TRACED, against=UNWATCHED),
    )


def _interleaved(session: Session, argv: Sequence[str], rounds: int) -> dict[str, list[float]]:
    variants: dict[str, Callable[[], float]] = {
        UNWATCHED: lambda: _own_seconds(session, argv, watched=False),
        WATCHED: lambda: _own_seconds(session, argv, watched=True),
    }
    return interleave(variants, rounds)


def _own_seconds(session: Session, argv: Sequence[str], *, watched: bool) -> float:
    """What the program says it took."""
    record = session.spawn(argv, LIMITS, watched=watched, with_input=False)
    session.wait(lambda: record.ended, LIMITS.wall_seconds + 10)
    if record.ended is None or record.ended.facts["wait_status"] != 0:
        raise SystemExit(f"bench: {' '.join(argv)} failed: {record.ended}\n{record.stderr.decode(errors='replace')}")
    seconds = int(record.stdout) / 1e9
    session.reset()
    return seconds
