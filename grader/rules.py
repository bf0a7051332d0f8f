"""The rules: from the facts of a run to its findings; pure. Each claims only what the facts prove."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from grader.findings import Finding, FindingKind
from grader.observe.history import (
    WORK_FOLDER,
    Exec,
    History,
    ProcessHistory,
    SentSignal,
    fork_time,
    zombie_keepers,
)
from grader.observe.object_waits import pipe_name
from grader.observe.procfs import FileDescriptor, is_standard, parse_stat
from grader.observe.signals import signal_name
from grader.observe.wait_for import Deadlock
from sandbox.agent.watch_filter import TELLTALE_SIGNALS

GRACE_SECONDS = 0.2
"""A child that ends this soon after its parent was as good as a zombie: which of the two came first is chance."""

FORKING_SECONDS = 0.05
"""So soon after a fork ends who was there only to fork, not counting what it waits for a processor."""

MOST_FINDINGS = 200
"""How many of a kind are told of one run: thirty processes with two hundred descriptors each could leak them all."""

MOST_ROWS = 100
"""How many rows of a descriptor table stand in the evidence of each finding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnd:
    """How a run ended, beside what its processes did.

    `reason`: `exited`, `timeout`, `stopped`, `output-limit` or `memory-limit`, as the agent says. `sent` are the names
    of the signals that the check sent, `took_seconds` is what it took as the check saw it.
    """

    reason: str
    oom_kills: int = 0
    peak_tasks: int = 0
    sent: frozenset[str] = frozenset()
    time_limit: float = 0.0
    process_limit: int = 0
    output_limit: int = 0
    took_seconds: float = 0.0


def judge(history: History, end: RunEnd, deadlock: Deadlock | None, hang: Sequence[str] = ()) -> tuple[Finding, ...]:
    """Every finding of one run, what ended it first. `hang` says what all threads did when time was up."""
    return (
        *_limits(history, end, deadlock, hang),
        *islice(_crashes(history, end), MOST_FINDINGS),
        *islice(_leaks_into_exec(history), MOST_FINDINGS),
        *islice(_leaks_at_exit(history), MOST_FINDINGS),
        *islice(_zombies(history, end), MOST_FINDINGS),
        *islice(_orphans(history), MOST_FINDINGS),
    )


# -- what ended the run ---------------------------------------------------------------------------


def _limits(history: History, end: RunEnd, deadlock: Deadlock | None, hang: Sequence[str]) -> Iterator[Finding]:
    root = history.root_process
    if deadlock is not None:
        yield deadlock_finding(deadlock)
    if end.oom_kills:
        yield Finding(
            kind=FindingKind.MEMORY_LIMIT,
            process=root.command,
            pid=root.pid,
            message="The program and its children used more memory than they may, and the kernel killed one of them.",
            evidence={"processes_killed": end.oom_kills},
        )
    if end.process_limit and end.peak_tasks >= end.process_limit:
        yield Finding(
            kind=FindingKind.PROCESS_LIMIT,
            process=root.command,
            pid=root.pid,
            message=f"The program reached its limit of {end.process_limit} processes and threads at one time.",
            evidence={"processes_and_threads": end.peak_tasks},
        )
    if end.reason == "output-limit":
        yield Finding(
            kind=FindingKind.OUTPUT_LIMIT,
            process=root.command,
            pid=root.pid,
            message=f"The program wrote more than {end.output_limit} bytes of output and was stopped.",
        )
    if end.reason == "timeout" and deadlock is None:
        yield Finding(
            kind=FindingKind.TIMEOUT,
            process=root.command,
            pid=root.pid,
            message=f"The program had not ended after {end.time_limit:g} second{'' if end.time_limit == 1 else 's'}. "
            + (f"At that time: {' '.join(hang[:3])}" if hang else ""),
            evidence={"at_the_time_limit": list(hang)},
        )


_TOLD = 4
"""Waits of a cycle that a message tells; the evidence has all."""


def deadlock_finding(deadlock: Deadlock) -> Finding:
    """The claim, with the cycle first: each sentence tells who waits, for what, and who alone could end it."""
    cycle = list(dict.fromkeys(wait.sentence for wait in deadlock.cycle))
    others = [wait.sentence for wait in deadlock.waits if wait.sentence not in cycle]
    first = deadlock.cycle[0]
    more = f" And so on, with {len(cycle) - _TOLD} more." if len(cycle) > _TOLD else ""
    return Finding(
        kind=FindingKind.DEADLOCK,
        process=first.process.name,
        pid=first.process.pid,
        resource=first.resource,
        message=f"Deadlock: {' '.join(cycle[:_TOLD])}{more} So nothing can ever go on.",
        evidence={"cycle": cycle, "others_waiting": others},
    )


def _crashes(history: History, end: RunEnd) -> Iterator[Finding]:
    for process in history.processes.values():
        signal = process.status.signal if process.status else None
        if signal is None or not process.is_students or process.pid in history.survivors:
            continue
        if signal in end.sent or not _is_its_own_doing(history, process, signal, end):
            continue
        if signal == "SIGXCPU":
            yield Finding(
                kind=FindingKind.TIMEOUT,
                process=process.command,
                pid=process.pid,
                message=f"{process.label} used up its CPU time: it computes, or spins instead of waiting.",
            )
            continue
        yield Finding(
            kind=FindingKind.CRASH,
            process=process.command,
            pid=process.pid,
            message=f"{process.label} was killed by {signal}: {_cause(history, process, signal)}.",
            evidence={"signal": signal},
        )


def _is_its_own_doing(history: History, process: ProcessHistory, signal: str, end: RunEnd) -> bool:
    """Whether no other process sent the signal.

    Of the signals that the kernel raises for a process's own doing it is known who sent them; only SIGABRT it raises
    for none, and who sends it is seen, or else the process had asked for it (PR_SET_PDEATHSIG). Any other was sent by
    someone: if the program had a single process, by itself.
    """
    if signal == "SIGABRT" and not _sent_itself(history, process, signal):
        return False
    if signal in _OWN_DOING:
        return not _was_sent(history, process, signal)
    return len(history.processes) == 1 and end.reason == "exited" and not end.oom_kills


_OWN_DOING = frozenset(signal_name(number) for number in TELLTALE_SIGNALS)

_CAUSES = {
    "SIGSEGV": "it used an address in a way that it may not (a null or dangling pointer, past the end of an array, "
    "a write to what is constant, such as a string literal, or calls so deep that the stack is full)",
    "SIGBUS": "it used memory that is not there, such as a mapped file beyond its end",
    "SIGFPE": "it divided an integer by zero, or the least one there is by -1",
    "SIGILL": "it executed an invalid instruction",
    "SIGABRT": "it called abort, perhaps through a failed assertion or a corrupted heap",
    "SIGPIPE": "it wrote to a pipe or socket that nobody reads any more",
    "SIGALRM": "its alarm rang and it had no handler for it",
    "SIGVTALRM": "its timer expired and it had no handler for it",
    "SIGPROF": "its timer expired and it had no handler for it",
    "SIGXFSZ": "it wrote a file beyond the size limit",
    "SIGSYS": "it made a forbidden system call",
}


def _cause(history: History, process: ProcessHistory, signal: str) -> str:
    """Why a process was killed by a signal of its own doing; `abort` sends its signal, which says no more than that."""
    if signal != "SIGABRT" and _sent_itself(history, process, signal):
        return "it sent that to itself, perhaps from a handler"
    return _CAUSES.get(signal, "it sent that to itself, or had asked for it, as with a timer")


def _sent_itself(history: History, process: ProcessHistory, signal: str) -> bool:
    return any(sent.sender == process.pid for sent in _sent_to(history, process, signal))


def _was_sent(history: History, process: ProcessHistory, signal: str) -> bool:
    """Whether another process of the program sent it that signal, or may have."""
    return any(sent.sender != process.pid for sent in _sent_to(history, process, signal))


def _sent_to(history: History, process: ProcessHistory, signal: str) -> list[SentSignal]:
    """What was sent of that signal, and to that process, as far as is known: who was in a group at that moment is not,
    nor whose the thread was that tkill(2) names.
    """
    others = history.processes.keys() - {process.pid}
    return [sent for sent in history.signals if sent.signal == signal and sent.target not in others]


# -- descriptors ----------------------------------------------------------------------------------


def _leaks_into_exec(history: History) -> Iterator[Finding]:
    for process in history.processes.values():
        seen: set[str] = set()
        images = [process.exe_at_birth, *(execution.exe for execution in process.execs)]
        executions = list(zip(images, process.execs, strict=False))
        for image, execution in executions[1:] if process.pid == history.root else executions:
            if not _may_be_students(history, image):
                continue
            for descriptors in _by_object([fd for fd in execution.fds or () if not _is_handed_over(execution, fd)]):
                if descriptors[0].original not in seen:
                    seen.add(descriptors[0].original)
                    yield _exec_leak(history, process, execution, descriptors)


_PATH_OF_DESCRIPTOR = re.compile(r"/(?:dev|proc/self)/fd/0*([0-9]{1,9})(?![0-9])")


def _is_handed_over(execution: Exec, descriptor: FileDescriptor) -> bool:
    """Whether the new program was told of the descriptor by its path, and so has to use it: as in `cat <(ls)`, or where
    the kernel names the script of fexecve(3) to its interpreter.
    """
    paths = (number for text in execution.argv[1:] for number in _PATH_OF_DESCRIPTOR.findall(text))
    return any(int(number) == descriptor.number for number in paths)


def _by_object(table: Sequence[FileDescriptor]) -> list[tuple[FileDescriptor, ...]]:
    """The descriptors above 2, those of one object together."""
    groups: dict[str, list[FileDescriptor]] = {}
    for descriptor in table:
        if not is_standard(descriptor):
            groups.setdefault(descriptor.original, []).append(descriptor)
    return [tuple(group) for group in groups.values()]


def _may_be_students(history: History, image: str) -> bool:
    """Whether it was the student's code that executed: an image is unknown only if the parent was killed."""
    if image:
        return image.startswith(WORK_FOLDER)
    return all(process.is_students for process in history.processes.values() if process.execs)


def _exec_leak(
    history: History, process: ProcessHistory, execution: Exec, descriptors: Sequence[FileDescriptor]
) -> Finding:
    command = execution.argv[0].rpartition("/")[2] if execution.argv else process.command
    return Finding(
        kind=FindingKind.FD_LEAK_EXEC,
        process=command,
        pid=process.pid,
        fd=descriptors[0].number,
        resource=descriptors[0].target,
        message=f"`{command}` (pid {process.pid}) was started with {describe_descriptors(descriptors)}"
        f"{_as_standard(history, descriptors[0])} still open. "
        "Close what a program does not need before `exec`, or open it with O_CLOEXEC.",
        evidence={
            "command": " ".join(execution.argv),
            "descriptors_at_exec": descriptor_rows(execution.fds or ()),
        },
    )


_STANDARD = ("input", "output", "error")


def _as_standard(history: History, descriptor: FileDescriptor) -> str:
    """That it is a saved copy of what the program began with, if so: whoever makes no pipe knows of none. Only a pipe
    is surely that very one: `/dev/null` may have been opened again.
    """
    began = history.root_process.execs[0].fds if history.root_process.execs else None
    for standard in began or ():
        if is_standard(standard) and standard.target.startswith("pipe:[") and standard.identity == descriptor.identity:
            return f", a copy of the program's standard {_STANDARD[standard.number]},"
    return ""


def _leaks_at_exit(history: History) -> Iterator[Finding]:
    for process in history.processes.values():
        inherited = _inherited(history, process)
        if inherited is None or not process.is_students or process.fds_at_exit is None:
            continue
        own = [
            fd
            for fd in process.fds_at_exit
            if not _came_over(fd, inherited, process.fds_at_exit) and not _is_librarys(fd)
        ]
        for descriptors in _by_object(own):
            yield Finding(
                kind=FindingKind.FD_LEAK_EXIT,
                process=process.command,
                pid=process.pid,
                fd=descriptors[0].number,
                resource=descriptors[0].target,
                message=f"{process.label} ended with {describe_descriptors(descriptors)} still open, never closed.",
                evidence={"descriptors_at_exit": descriptor_rows(process.fds_at_exit)},
            )


def growth_finding(pid: int, command: str, tables: Sequence[Sequence[FileDescriptor]]) -> Finding | None:
    """The finding if every table is larger than the one before it: each round leaves something open."""
    sizes = [len(table) for table in tables]
    if len(sizes) < 3 or any(later <= earlier for earlier, later in pairwise(sizes)):
        return None
    before = {descriptor.number for descriptor in tables[0]}
    grown = [descriptor for descriptor in tables[-1] if descriptor.number not in before]
    return Finding(
        kind=FindingKind.FD_LEAK_GROWTH,
        process=command,
        pid=pid,
        fd=grown[0].number if grown else None,
        resource=grown[0].target if grown else None,
        message=f"`{command}` (pid {pid}) has more descriptors open after each round of the same work: "
        f"{', '.join(str(size) for size in sizes)}.",
        evidence={"left_open": descriptor_rows(grown)},
    )


def _inherited(history: History, process: ProcessHistory) -> tuple[FileDescriptor, ...] | None:
    """What came over fork or exec into the image it runs; None if that is not known.

    The first process is not seen being loaded if it has no C library. It begins with the standard three alone.
    """
    if process.pid == history.root and not process.execs:
        return ()
    return process.execs[-1].fds if process.execs else process.fds_at_birth


def _came_over(fd: FileDescriptor, inherited: Sequence[FileDescriptor], at_exit: Sequence[FileDescriptor]) -> bool:
    """Whether it is an inherited descriptor or a copy of one: of the same object, with the same access.

    Of objects that are told apart by number only, any may be the inherited one under a new number if that is not
    among those of its kind any more.
    """
    if any((other.identity, other.access) == (fd.original, fd.access) for other in inherited):
        return True
    numbers = {other.number for other in at_exit if other.target == fd.target}
    return fd.is_told_by_number and any(
        other.target == fd.target and other.number not in numbers for other in inherited
    )


_AF_NETLINK = 16


def _is_librarys(fd: FileDescriptor) -> bool:
    """Whether it looks like the socket that glibc's `mq_notify` opens for SIGEV_THREAD, which no program can close."""
    return fd.socket_family == _AF_NETLINK and fd.cloexec is True


def describe_descriptors(descriptors: Sequence[FileDescriptor]) -> str:
    """Descriptors of one object: `fd 4 (write end of pipe 21809)`, `fd 3 (/work/log.txt, for writing)`."""
    return " and ".join(f"fd {descriptor.number} ({_describe(descriptor)})" for descriptor in descriptors)


def _describe(descriptor: FileDescriptor) -> str:
    if descriptor.is_fifo:
        end = {"r": "read end", "w": "write end"}.get(descriptor.access, "both ends")
        return f"{end} of {pipe_name(descriptor)}"
    use = {"r": "for reading", "w": "for writing", "rw": "for reading and writing"}.get(descriptor.access, "")
    if descriptor.target.startswith("/"):
        return f"{descriptor.target}, {use}" if use else descriptor.target
    return descriptor.target


def descriptor_rows(descriptors: Sequence[FileDescriptor]) -> list[str]:
    """A descriptor table as lines."""
    rows = [f"{fd.number} {fd.access or '-'} {fd.target}" for fd in descriptors[:MOST_ROWS]]
    left_out = len(descriptors) - len(rows)
    return [*rows, f"and {left_out} more"] if left_out else rows


# -- processes ------------------------------------------------------------------------------------


def _zombies(history: History, end: RunEnd) -> Iterator[Finding]:
    """Children that went to init, which here is the agent, because their parent ended without having waited.

    A subreaper of the program's would have kept a child from it, and the kernel the children of a process that
    ignores SIGCHLD. Who had a zombie at its end was its parent by then, perhaps a subreaper.
    """
    keepers = zombie_keepers(history)
    for child in history.processes.values():
        parent = keepers.get(child.pid) or history.processes.get(child.ppid or 0)
        if parent is None or child.pid == history.root or not child.adopted or not parent.is_students:
            continue
        if parent.status is None or parent.status.exit_code is None or child.pid in history.survivors:
            continue  # a parent that was killed could not wait
        if end.reason != "exited" and child.status is not None and child.status.signal == "SIGKILL":
            continue
        ended_before = parent.unwaited.get(child.pid, False)
        if not ended_before and not _ended_in_grace(parent, child):
            continue
        if _is_left_to_init(history, parent, child, ended_before=ended_before):
            continue
        yield Finding(
            kind=FindingKind.ZOMBIE,
            process=child.command,
            pid=child.pid,
            resource=f"child {child.pid}",
            message=f"{parent.label} never waited for its child {child.label}: "
            + ("a zombie when its parent ended." if ended_before else "it ended right after its parent."),
            evidence={"parent": parent.label, "child": f"{child.label} {child.status or 'ended'}"},
        )


def late_waits(history: History, seconds: float) -> tuple[Finding, ...]:
    """Children of the student's that were zombies for longer than that while their parent ran on, see wait(2)."""
    findings = []
    for child in history.processes.values():
        parent = history.processes.get(child.ppid or 0)
        if parent is None or not parent.is_students or child.zombie_seconds is None:
            continue
        if child.zombie_seconds > seconds:
            findings.append(
                Finding(
                    kind=FindingKind.ZOMBIE,
                    process=child.command,
                    pid=child.pid,
                    resource=f"child {child.pid}",
                    message=f"{parent.label} waited for its child {child.label} only {child.zombie_seconds:.2f} seconds"
                    " after it had ended; until then it was a zombie.",
                    evidence={"parent": parent.label, "zombie_seconds": round(child.zombie_seconds, 3)},
                )
            )
    return tuple(findings)


def _ended_in_grace(parent: ProcessHistory, child: ProcessHistory) -> bool:
    """Whether a child ended right after its parent; not claimed if the kernel may have been told to reap it."""
    if parent.auto_reap or parent.exit_time is None or child.end_time is None:
        return False
    return child.end_time - parent.exit_time <= GRACE_SECONDS


def _is_left_to_init(history: History, parent: ProcessHistory, child: ProcessHistory, *, ended_before: bool) -> bool:
    """Whether a program leaves waiting for the child to init on purpose.

    So it does with a daemon, which has made a session without a terminal for itself, and by forking twice: the parent
    was there only to fork, no other program, and is not the first process. It left one child, having waited for any
    other, or made a session for them. If the child had ended by then, chance made it so: the parent ended as soon as it
    had forked.
    """
    only_forks = parent.pid != history.root and not parent.execs
    forks_twice = only_forks and (parent.is_daemon or len(parent.unwaited) == 1)
    if ended_before:
        forked = fork_time(parent, child)
        if forked is None or parent.exit_time is None:
            return False
        own_seconds = parent.exit_time - forked - parent.queued_seconds
        return forks_twice and own_seconds <= FORKING_SECONDS
    return child.is_daemon or forks_twice


def _orphans(history: History) -> Iterator[Finding]:
    root = history.root_process
    for pid in history.survivors:
        process = history.processes.get(pid)
        stat = parse_stat(history.survivor_snapshot["processes"][str(pid)]["stat"])
        if stat is None or stat.state in "ZX":  # it has ended, and another survivor has not waited for it
            continue
        command = process.command if process and process.argv else stat.command if stat else "?"
        was = "was still there, stopped," if stat.state in "Tt" else "still ran"
        yield Finding(
            kind=FindingKind.ORPHAN,
            process=command,
            pid=pid,
            resource=f"process {pid}",
            message=f"`{command}` (pid {pid}) {was} after the program's first process, {root.label}, had ended.",
            evidence={"first_process": root.label},
        )
