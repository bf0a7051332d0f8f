"""The program a check holds: run it to its end, or start it and talk to it."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from grader.checks.process import PROGRAM_BYTES, Process
from grader.checks.run import CheckContext, CheckFailed, Fault, Invocation, Run
from grader.findings import Finding, FindingKind, Source
from grader.observe.history import WORK_FOLDER
from grader.spec import Limits
from sandbox.agent.watch_filter import DESCRIPTORS, OPENINGS
from sandbox.errors import SandboxLostError
from sandbox.session import RequestFailedError, RunLimits, Session

if TYPE_CHECKING:
    from grader.observe.misuses import DescriptorError
    from grader.observe.origins import LineTable

_MACHINE_ERRORS = frozenset({"EAGAIN", "EMFILE", "ENFILE", "ENOMEM", "EIO", "ENOSPC"})
"""Why a program may not start although nothing is wrong with it, unless another of its processes takes all there is.
ENOSPC: there are no more terminals, of which programs in other sandboxes can take all."""


def cpu_seconds(session: Session, seconds: float) -> int:
    """The limit for the time that a process computes, all its threads together, if it may run for so many seconds.

    It may use all processors meanwhile.
    """
    return (int(seconds) + 1) * int(session.machine["processors"])


class Program:
    """The student's program in its work folder."""

    def __init__(self, session: Session, name: str, limits: Limits, context: CheckContext) -> None:
        self._session = session
        self._name = name
        self._limits = limits
        self._context = context

    def run(
        self,
        *args: str,
        stdin: bytes = b"",
        timeout: float | None = None,
        env: Mapping[str, str] | None = None,
        fail: Sequence[Fault] = (),
    ) -> Run:
        """Run it with `stdin` to its end, to a proven deadlock, or to the limit of `timeout` seconds."""
        invocation = Invocation(args=args, stdin=stdin, timeout=timeout, env=env, fail=tuple(fail))
        run = self._run(invocation)
        run.invocation = invocation
        return run

    def _run(self, invocation: Invocation, *, traced: str = "") -> Run:
        return self._start(invocation, traced=traced, stdin=invocation.stdin).wait()

    def descriptor_errors(
        self, *args: str, stdin: bytes = b"", timeout: float | None = None
    ) -> "tuple[DescriptorError, ...]":
        """Run it, looking at every `read`, `write` and `close`: which named a descriptor that was not open, or not for
        that. Slow: for short runs. Closing everything in a loop, as daemons do, is no mistake and counts all the same.
        """
        from grader.observe.misuses import read_misuses

        invocation = Invocation(args=args, stdin=stdin, timeout=timeout, env=None, fail=())
        lines = self._line_table()
        run = self._run(invocation, traced=DESCRIPTORS)
        return read_misuses(run.record.events, f"{WORK_FOLDER}{self._name}", lines)

    def _line_table(self) -> "LineTable | None":
        from grader.observe.origins import read_lines

        return read_lines(self._session.fetch_kept(self._name, PROGRAM_BYTES))

    def start(
        self,
        *args: str,
        timeout: float | None = None,
        env: Mapping[str, str] | None = None,
        fail: Sequence[Fault] = (),
        pty: bool = False,
    ) -> Process:
        """Start it with its standard input open; with `pty`, on a terminal of its own (stdout and stderr are one)."""
        invocation = Invocation(args=args, stdin=b"", timeout=timeout, env=env, fail=tuple(fail))
        return self._start(invocation, terminal=pty)

    def _start(
        self, invocation: Invocation, *, traced: str = "", terminal: bool = False, stdin: bytes | None = None
    ) -> Process:
        """Start it; with its whole `stdin` given, nobody will talk to it."""
        seconds = invocation.timeout or self._limits.time_seconds
        limits = RunLimits(
            wall_seconds=seconds,
            cpu_seconds=cpu_seconds(self._session, seconds),
            processes=self._limits.processes,
            output_bytes=self._limits.output_bytes,
        )
        argv = [f"./{self._name}", *invocation.args]
        faults = [fault.facts() for fault in invocation.fail]
        command = shlex.join(argv)
        try:
            record = self._session.spawn(
                argv, limits, env=invocation.env, stdin=stdin, traced=traced, terminal=terminal, faults=faults
            )
        except RequestFailedError as error:
            crowded = any(other.is_running for other in self._context.processes)
            if error.errno_name in _MACHINE_ERRORS and not crowded and self._is_unchanged():
                raise SandboxLostError(
                    f"{command} cannot be started: {error.errno_name}", "Run the command again, or `grader doctor`."
                ) from error
            raise CheckFailed(f"{command} cannot be started any more: {error.errno_name}") from error
        process = Process(
            self._session,
            record,
            self._name,
            command,
            limits,
            self._context,
            terminal=terminal,
            alone=stdin is not None and not any(other.is_running for other in self._context.processes),
        )
        self._context.processes.append(process)
        return process

    def _is_unchanged(self) -> bool:
        """Whether the work folder has the program that was built: another can be made so that it cannot be started."""
        try:
            return self._session.fetch(self._name, PROGRAM_BYTES) == self._session.fetch_kept(self._name, PROGRAM_BYTES)
        except RequestFailedError:
            return False

    def locate(self, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        """The same findings, those of leaked descriptors with the line that opened them where it can be found.

        Each run that leaked is made once more in a fresh work folder, traced, which is slow; what does not happen
        again in the same way stays without a line.
        """
        located = list(findings)
        places = {_identity(finding): place for place, finding in enumerate(findings) if finding.kind in _LEAKS}
        for run in list(self._context.runs):
            wanted = [finding for finding in run.all_findings if _identity(finding) in places]
            if not wanted or run.invocation is None:
                continue
            try:
                sources = self._trace(run.invocation)
            except (RequestFailedError, CheckFailed):  # it does not run a second time as it did the first
                continue
            ancestry = _ancestry(run)
            keys = [_leak_key(finding, ancestry) for finding in wanted]
            renamed = _renamed({key for key in sources if key not in keys}, {key for key in keys if key not in sources})
            for finding, key in zip(wanted, keys, strict=True):
                source = sources.get(renamed.get(key, key))
                located[places[_identity(finding)]] = replace(finding, source=source)
        return tuple(located)

    def _trace(self, invocation: Invocation) -> "dict[_LeakKey, Source | None]":
        from grader.observe.origins import find_origins

        self._session.reset()
        for name, data, mode in self._context.stored:
            self._session.store(name, data, mode)
        lines = self._line_table()
        if lines is None:
            return {}
        run = self._run(invocation, traced=OPENINGS)
        self._context.runs.remove(run)
        origins = find_origins(run.record.events, f"{WORK_FOLDER}{self._name}", lines)
        sources: dict[_LeakKey, Source | None] = {}
        ancestry = _ancestry(run)
        for finding in run.all_findings:
            if finding.kind not in _LEAKS or finding.pid is None or finding.fd is None:
                continue
            table = origins.last.get(finding.pid, {})
            if finding.kind is FindingKind.FD_LEAK_EXEC:
                table = origins.at_exec.get((finding.pid, str(finding.evidence["command"])), {})
            sources[_leak_key(finding, ancestry)] = table.get(finding.fd)
        return sources


_LEAKS = frozenset({FindingKind.FD_LEAK_EXEC, FindingKind.FD_LEAK_EXIT})


def _identity(finding: Finding) -> object:
    """What tells it from every other finding of a check."""
    return finding.kind, finding.pid, finding.fd, finding.resource, finding.message


@dataclass(frozen=True, slots=True)
class _LeakKey:
    """What is the same about a leak when a program runs again: process ids and the numbers of pipes are not."""

    kind: FindingKind
    process: str | None
    ancestry: tuple[int, ...] | None
    fd: int | None
    resource: str


def _leak_key(finding: Finding, ancestry: Mapping[int, tuple[int, ...]]) -> _LeakKey:
    resource = (finding.resource or "").partition(":[")[0]
    return _LeakKey(finding.kind, finding.process, ancestry.get(finding.pid or 0), finding.fd, resource)


def _renamed(traced: Iterable[_LeakKey], wanted: Iterable[_LeakKey]) -> dict[_LeakKey, _LeakKey]:
    """Which leaks of the traced run are those `wanted` but for the name of the file: what mkstemp(3) makes, or what has
    a process id in it, is new each time. Only of names that the other run does not have.
    """
    known = {key.resource for key in traced} & {key.resource for key in wanted}
    by_place = {replace(key, resource="/"): key for key in traced if key.resource.startswith("/")}
    return {
        key: by_place[replace(key, resource="/")]
        for key in wanted
        if key.resource.startswith("/") and key.resource not in known and replace(key, resource="/") in by_place
    }


def _ancestry(run: Run) -> dict[int, tuple[int, ...]]:
    """Where each process stands among the others, by pid: which child it is of its parent, which that was of its own.

    A process makes its children in the same order each time, whatever runs beside it.
    """
    children: dict[int | None, list[int]] = {}
    for process in run.processes:
        children.setdefault(process.ppid, []).append(process.pid)
    ancestry: dict[int, tuple[int, ...]] = {run.root: ()}
    ahead = [run.root]
    while ahead:
        parent = ahead.pop()
        for number, pid in enumerate(children.get(parent, [])):
            if pid not in ancestry:
                ancestry[pid] = (*ancestry[parent], number)
                ahead.append(pid)
    return ancestry
