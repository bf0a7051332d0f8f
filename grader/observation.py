"""The value that observing one program yields; reports render it and know nothing else."""

from dataclasses import dataclass

from grader.findings import Finding
from grader.result import BuildReport


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedProcess:
    """One process of the run. `fds_at_exit` has the rows of its table, None if it did not end by exit."""

    pid: int
    ppid: int | None
    argv: tuple[str, ...]
    exit_code: int | None
    signal: str | None
    fds_at_exit: tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedRun:
    """What the program did. `exit_code` and `signal` are None if the grader ended it; `ending` says how it ended."""

    command: str
    exit_code: int | None
    signal: str | None
    ending: str
    stdout: bytes
    stderr: bytes
    duration_seconds: float
    processes: tuple[ObservedProcess, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One observed program; `run` is None if it does not compile. `tool` is the title of what it ran under, or ""."""

    target: str
    build: BuildReport
    run: ObservedRun | None
    findings: tuple[Finding, ...] = ()
    tool: str = ""
