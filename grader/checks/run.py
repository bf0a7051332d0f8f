"""One run of the program: how it was made, what came of it, what it is accused of."""

import errno
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from grader.findings import Finding, FindingKind
from grader.observe.history import History, ProcessHistory, read_history
from grader.observe.signals import WaitStatus
from grader.observe.wait_for import Deadlock
from grader.rules import RunEnd, judge, late_waits
from sandbox.agent.watch_filter import FAULT_CALLS
from sandbox.session import RunRecord
from sandbox.wire import Facts

if TYPE_CHECKING:
    from grader.checks.process import Process


class CheckFailed(AssertionError):
    """The program did not do what a check waited for; counts as a failed assertion."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Let the `on_call`-th `call` of the program fail with `error` (such as `EAGAIN`), counted over all its
    processes from 1. `call` is one of `fork`, `pipe`, `dup`, `execve`, `wait`, `kill`.
    """

    call: str
    error: str
    on_call: int = 1

    def __post_init__(self) -> None:
        if self.call not in FAULT_CALLS:
            raise ValueError(f"no such call to fail: {self.call!r}; there are {', '.join(FAULT_CALLS)}")
        if not hasattr(errno, self.error):
            raise ValueError(f"no such error: {self.error!r}")

    def facts(self) -> Facts:
        """As the agent wants it: with Linux's number."""
        return {"call": self.call, "errno": getattr(errno, self.error), "on_call": self.on_call}


def require_bytes(what: str, value: object) -> None:
    """Raise TypeError, with the mend, if the author of a check gives a text where bytes are meant."""
    if isinstance(value, str):
        raise TypeError(
            f"{what} has to be bytes: write b{value!r}"
            if value.isascii()
            else f"{what} has to be bytes: {value!r}.encode()"
        )


class Findings(tuple[Finding, ...]):
    """Findings that read as an explanation where an assertion prints them."""

    def __repr__(self) -> str:
        return "; ".join(f"<{finding.kind}: {finding.message}>" for finding in self) or "no findings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """How a run was made, so that it can be made again to find out more."""

    args: tuple[str, ...]
    stdin: bytes
    timeout: float | None
    env: Mapping[str, str] | None
    fail: tuple[Fault, ...]

    def __post_init__(self) -> None:
        require_bytes("stdin", self.stdin)
        for fault in self.fail:
            if not isinstance(fault, Fault):
                raise TypeError(f'fail has to be a list such as [Fault("fork", "EAGAIN")], and {fault!r} is no Fault')
        for word in self.args:
            if not isinstance(word, str):
                raise TypeError(f"the words of a command line have to be texts, and {word!r} is none")


@dataclass(slots=True, kw_only=True)
class CheckContext:
    """What one check did, for its report: the runs it made, the files it wrote and read, the findings it asked for.

    `timed_out` says that something did not come in time, so that the verdict depends on how fast this machine is;
    `starved` that a program was stopped before it had had its time.
    A check that runs a program to its end sends no signals; `handlers_may_run` is for who watches a program without
    knowing whether somebody means to.
    """

    runs: list["Run"] = field(default_factory=list)
    stored: list[tuple[str, bytes, int]] = field(default_factory=list)
    fetched: list[bytes] = field(default_factory=list)
    processes: list["Process"] = field(default_factory=list)
    asked: list[Finding] = field(default_factory=list)
    timed_out: bool = False
    starved: bool = False
    handlers_may_run: bool = False

    @property
    def written(self) -> list[bytes]:
        """What programs wrote and the check could see."""
        return [*(data for process in self.processes for data in (process.stdout, process.stderr)), *self.fetched]


@dataclass(kw_only=True)
class Run:
    """One run of the program that is over."""

    command: str
    record: RunRecord
    end: RunEnd
    status: WaitStatus | None
    stdout: bytes
    stderr: bytes
    deadlock: Deadlock | None
    hang: tuple[str, ...]
    context: CheckContext
    invocation: Invocation | None = None

    def __repr__(self) -> str:
        return self.command

    @property
    def root(self) -> int:
        """The pid of the program's first process."""
        return self.record.pid

    @cached_property
    def history(self) -> History:
        """What its processes did, which is read when it is asked for: many checks look only at what a program wrote.

        Raises SandboxLostError.
        """
        return read_history(self.root, self.record.events)

    @property
    def duration_seconds(self) -> float:
        """Seconds from the start to the end of its first process."""
        return self.history.duration or self.end.took_seconds

    @property
    def exit_code(self) -> int | None:
        """0 to 255; None if a signal or the grader ended the program."""
        return self.status.exit_code if self.status and self._ended_by_itself else None

    @property
    def signal(self) -> str | None:
        """The signal that ended the program (`SIGPIPE`), or None; None too if the grader ended it."""
        return self.status.signal if self.status and self._ended_by_itself else None

    @property
    def _ended_by_itself(self) -> bool:
        return self.end.reason == "exited"

    @property
    def ending(self) -> str:
        """How it ended, in words: `exited with 3`, `ended by SIGSEGV`, `deadlocked`, `stopped at the time limit`."""
        if self.deadlock is not None:
            return "deadlocked"
        if self._ended_by_itself and self.status is not None:
            return str(self.status)
        limits = {"timeout": "time", "output-limit": "output", "memory-limit": "memory"}
        limit = limits.get(self.end.reason)
        return f"stopped at the {limit} limit" if limit else "stopped by the check"

    @property
    def processes(self) -> tuple[ProcessHistory, ...]:
        """Every process that was seen, by pid."""
        return tuple(process for _pid, process in sorted(self.history.processes.items()))

    def findings(self, *kinds: str) -> Findings:
        """The findings of those kinds, or all of them; raises ValueError for a kind that does not exist."""
        wanted = {FindingKind(kind) for kind in kinds}
        found = Findings(finding for finding in self.all_findings if not wanted or finding.kind in wanted)
        self.context.asked.extend(found)
        return found

    def late_waits(self, seconds: float) -> Findings:
        """Findings `zombie` of children that were dead longer than `seconds` before their parent waited for them."""
        found = Findings(late_waits(self.history, seconds))
        self.context.asked.extend(found)
        return found

    @cached_property
    def all_findings(self) -> tuple[Finding, ...]:
        """All of them, without counting as asked for."""
        return judge(self.history, self.end, self.deadlock, self.hang)
