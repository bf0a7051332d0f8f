"""From a run to what a report draws of it. Pure."""

from collections.abc import Sequence

from grader.checks.run import Run
from grader.findings import Finding, FindingKind
from grader.observe.history import ProcessHistory, zombie_keepers
from grader.observe.procfs import FileDescriptor
from grader.observe.wait_for import Deadlock
from grader.picture import DescriptorTable, Life, OpenDescriptor, Picture, WaitEdge

LIVES_DRAWN = 24
RUNS_DRAWN = 4
TABLES_DRAWN = 6

_LEAKS = frozenset({FindingKind.FD_LEAK_EXEC, FindingKind.FD_LEAK_EXIT})


def pictures(runs: Sequence[Run], findings: Sequence[Finding]) -> tuple[Picture, ...]:
    """A picture of each run that says more than its transcript: several processes, a deadlock, a leak."""
    drawn = (picture(run, findings) for run in runs)
    return tuple(each for each in drawn if len(each.lives) > 1 or each.waits or each.tables)[:RUNS_DRAWN]


def picture(run: Run, findings: Sequence[Finding]) -> Picture:
    """The picture of one run; `findings` have the lines that opened what leaked."""
    processes = run.processes
    start = min((_start_of(process) for process in processes), default=0.0)
    keepers = zombie_keepers(run.history)
    return Picture(
        command=run.command,
        lives=tuple(_life(process, start, keepers.get(process.pid)) for process in processes[:LIVES_DRAWN]),
        waits=_edges(run.deadlock) if run.deadlock is not None else (),
        tables=tuple(_tables(run, findings))[:TABLES_DRAWN],
    )


def _start_of(process: ProcessHistory) -> float:
    times = [process.birth_time, *(image.time for image in process.execs), process.end_time]
    return min((time for time in times if time is not None), default=process.first_seen)


def _life(process: ProcessHistory, start: float, keeper: ProcessHistory | None) -> Life:
    """`keeper` had it as a zombie when it ended itself."""
    left = keeper.end_time if keeper is not None else None

    def after(time: float | None) -> float | None:
        return None if time is None else max(0.0, time - start)

    return Life(
        pid=process.pid,
        ppid=process.ppid,
        command=process.command,
        start=max(0.0, _start_of(process) - start),
        end=after(process.end_time),
        waited=after(left if process.adopted else process.waited_time),
        execs=tuple((max(0.0, image.time - start), " ".join(image.argv)) for image in process.execs),
        ending=str(process.status) if process.status is not None else "was still there",
    )


def _edges(deadlock: Deadlock) -> tuple[WaitEdge, ...]:
    waits = (*deadlock.cycle, *(wait for wait in deadlock.waits if wait not in deadlock.cycle))
    names = {wait.tid: _who(wait.process.command, wait.process.pid, wait.tid) for wait in waits}
    edges = {
        wait.tid: WaitEdge(
            who=names[wait.tid],
            what=wait.does,
            wakers=tuple(names[tid] for tid in sorted(wait.wakers) if tid in names),
        )
        for wait in waits
    }
    return tuple(edges.values())


def _who(command: str, pid: int, tid: int) -> str:
    return f"{command} (pid {pid})" if tid == pid else f"{command} (pid {pid}, thread {tid})"


def _tables(run: Run, findings: Sequence[Finding]) -> list[DescriptorTable]:
    """The tables in which something leaked."""
    tables = []
    for process in run.processes:
        leaks = [finding for finding in run.all_findings if finding.kind in _LEAKS and finding.pid == process.pid]
        opened = {
            finding.fd: f"{finding.source.file}:{finding.source.line}"
            for finding in findings
            if finding.kind in _LEAKS and finding.pid == process.pid and finding.source is not None
        }
        into_exec = [finding for finding in leaks if finding.kind is FindingKind.FD_LEAK_EXEC]
        at_exit = [finding for finding in leaks if finding.kind is FindingKind.FD_LEAK_EXIT]
        who = f"{process.command} (pid {process.pid})"
        if into_exec and process.execs and process.execs[-1].fds is not None:
            tables.append(_table(who, "when it was executed", process.execs[-1].fds, into_exec, opened))
        if at_exit and process.fds_at_exit is not None:
            tables.append(_table(who, "when it exited", process.fds_at_exit, at_exit, opened))
    return tables


def _table(
    who: str,
    when: str,
    descriptors: Sequence[FileDescriptor],
    leaks: Sequence[Finding],
    opened: "dict[int | None, str]",
) -> DescriptorTable:
    leaked = {finding.fd for finding in leaks} | {finding.resource for finding in leaks if finding.resource}
    rows = tuple(
        OpenDescriptor(
            number=fd.number,
            access=fd.access or "",
            target=fd.target,
            is_leaked=fd.number > 2 and (fd.number in leaked or fd.target in leaked),
            opened=opened.get(fd.number, ""),
        )
        for fd in descriptors
    )
    return DescriptorTable(who=who, when=when, rows=rows)
