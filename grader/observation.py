"""The value that observing one program yields; reports render it and know nothing else."""

from dataclasses import dataclass

from grader.findings import Finding
from grader.observe.misuses import DescriptorError
from grader.observe.timeline import Step, StepKind
from grader.result import BuildReport

__all__ = ["DescriptorError", "Observation", "ObservedProcess", "ObservedRun", "Step", "StepKind"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedProcess:
    """One process of the run. `fds_at_exit` has the rows of its table, None if it did not end by exit;
    `zombie_seconds` is how long it had ended before its parent waited for it, None if that was not seen.
    """

    pid: int
    ppid: int | None
    argv: tuple[str, ...]
    exit_code: int | None
    signal: str | None
    fds_at_exit: tuple[str, ...] | None
    zombie_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedRun:
    """What the program did. `exit_code` and `signal` are None if the grader ended it; `ending` says how it ended.
    `descriptor_errors` are of a second run, and empty if there was none.
    """

    command: str
    exit_code: int | None
    signal: str | None
    ending: str
    stdout: bytes
    stderr: bytes
    duration_seconds: float
    processes: tuple[ObservedProcess, ...]
    timeline: tuple[Step, ...] = ()
    descriptor_errors: tuple[DescriptorError, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One observed program; `run` is None if it does not compile. `tool` is the title of what it ran under, or ""."""

    target: str
    build: BuildReport
    run: ObservedRun | None
    findings: tuple[Finding, ...] = ()
    tool: str = ""
