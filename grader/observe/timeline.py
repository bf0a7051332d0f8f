"""What happened when: the order of fork, exec, exit and wait in a run, for people and pictures. Pure."""

import math
from dataclasses import dataclass
from enum import StrEnum

from grader.observe.history import History, ProcessHistory, fork_time

_MOMENT = 1e-6
"""What a parent does before it exits comes so much before that."""


class StepKind(StrEnum):
    """What a process did or met; `wait` is its parent's taking note of its end, see wait(2), or that of the process
    that inherited it from a parent that had ended.
    """

    FORK = "fork"
    EXEC = "exec"
    EXIT = "exit"
    SIGNAL = "signal"
    WAIT = "wait"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step in the life of process `pid`, `time` seconds after the first; `detail` in words, possibly empty."""

    time: float
    pid: int
    kind: StepKind
    detail: str


def timeline(history: History) -> tuple[Step, ...]:
    """Every step that was seen, in order of time."""
    steps = [step for process in history.processes.values() for step in _steps(history, process)]
    start = min((step.time for step in steps), default=0.0)
    order = list(StepKind)
    ordered = sorted(steps, key=lambda step: (step.time, order.index(step.kind)))
    return tuple(Step(time=step.time - start, pid=step.pid, kind=step.kind, detail=step.detail) for step in ordered)


def _steps(history: History, process: ProcessHistory) -> list[Step]:
    def step(time: float, kind: StepKind, detail: str = "") -> Step:
        return Step(time=time, pid=process.pid, kind=kind, detail=detail)

    parent = history.processes.get(process.ppid or 0)
    forked = fork_time(parent, process)
    steps = [step(image.time, StepKind.EXEC, " ".join(image.argv)) for image in process.execs]
    if process.pid != history.root and forked is not None:
        steps.append(step(forked, StepKind.FORK, f"by pid {process.ppid}" if process.ppid else ""))
    ended = process.end_time
    if ended is not None:
        died = process.status is not None and process.status.signal is not None
        if not died and process.exit_time is not None:
            ended = process.exit_time  # what comes of it was after that; its end is only noticed at some time
        ending = str(process.status) if process.status is not None else ""
        steps.append(step(ended, StepKind.SIGNAL if died else StepKind.EXIT, ending))
    if process.waited_time is not None and process.pid != history.root:  # whom the sandbox waits for
        left = process.adopted or (parent is not None and process.pid in parent.unwaited)
        if left or parent is None:
            steps.append(step(process.waited_time, StepKind.WAIT))
        else:
            at_the_latest = parent.exit_time - _MOMENT if parent.exit_time is not None else math.inf
            waited = max(min(process.waited_time, at_the_latest), ended or 0.0)
            steps.append(step(waited, StepKind.WAIT, f"by pid {process.ppid}"))
    return steps
