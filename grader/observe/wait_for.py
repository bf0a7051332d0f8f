"""Who waits for whom, and when that is a deadlock; pure.

The model: a blocked thread waits for *any* of a set of threads to do something (write, close, end, …). A thread
could go on if it is not blocked, or if any thread it waits for could go on. What is left over can never go on,
provided that nothing outside the set can end a wait. This is the OR model of resource deadlock of Chandy, Misra and
Haas (Distributed Deadlock Detection, ACM TOCS 1983), with the whole program as the set. A claim needs every
thread of the program in it: any one that still runs could kill or signal the others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grader.observe.blocking import Free, NameOf, Wait, World, no_names
from grader.observe.classify import classify
from grader.observe.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlock:
    """Proven: none of `waits` can ever end. `cycle` are those that wait for each other, in order."""

    waits: tuple[Wait, ...]
    cycle: tuple[Wait, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoProof:
    """Not proven, and why: the first reason, and what every thread was doing."""

    reason: str
    sentences: tuple[str, ...] = ()


def prove_deadlock(
    first: Snapshot,
    second: Snapshot,
    armed: Mapping[int, str],
    name_of: NameOf = no_names,
    *,
    signals_from_outside: bool = False,
    handlers_may_run: bool = False,
) -> Deadlock | NoProof:
    """Judge two snapshots of a sandbox in which nothing moved between them; each has to prove it.

    `armed` names processes with a timer that will send them a signal, "" if that is not known; `name_of` finds
    variables by address; `signals_from_outside` says that a check may yet send signals, `handlers_may_run` that
    somebody may send those that have a handler. Sound, not complete: what is not understood counts as free to go on.
    """
    if not first.complete or not second.complete:
        return NoProof(reason="a process could not be looked at")
    if _stillness(first) != _stillness(second):
        return NoProof(reason="something moved")
    states: list[Wait | Free] = []
    for snapshot in (first, second):
        world = World(
            snapshot=snapshot,
            armed=armed,
            name_of=name_of,
            signals_from_outside=signals_from_outside,
            handlers_may_run=handlers_may_run or signals_from_outside,
            still_seconds=second.time - first.time,
        )
        states = [classify(thread, process, world) for process, thread in snapshot.live_threads]
        if not states:
            return NoProof(reason="no process is left")
        if len(_fixpoint(states)) < len(states):
            free = next(state for state in states if isinstance(state, Free))
            return NoProof(reason=free.sentence, sentences=tuple(state.sentence for state in states))
    waits = tuple(state for state in states if isinstance(state, Wait))
    return Deadlock(waits=waits, cycle=_cycle(waits))


def describe(snapshot: Snapshot, armed: Mapping[int, str], name_of: NameOf = no_names) -> tuple[str, ...]:
    """What every thread is doing, as sentences: for a hang that is no proven deadlock."""
    world = World(snapshot=snapshot, armed=armed, name_of=name_of)
    return tuple(classify(thread, process, world).sentence for process, thread in snapshot.live_threads)


def _stillness(snapshot: Snapshot) -> dict[int, object]:
    """What must not differ between the two: the same threads in the same calls, never scheduled meanwhile."""
    return {
        thread.tid: (thread.status.state, thread.call, thread.status.switches, thread.status.pending)
        for _process, thread in snapshot.live_threads
    }


def _fixpoint(states: Sequence[Wait | Free]) -> set[int]:
    """The threads that can never go on: start with all that wait, take out whoever could be woken, until none is."""
    stuck = {state.tid: state for state in states if isinstance(state, Wait)}
    changed = True
    while changed:
        awake = [tid for tid, wait in stuck.items() if any(waker not in stuck for waker in wait.wakers)]
        for tid in awake:
            del stuck[tid]
        changed = bool(awake)
    return set(stuck)


def _cycle(waits: Sequence[Wait]) -> tuple[Wait, ...]:
    """A shortest-looking cycle among the waits: follow the first waker until a thread comes again."""
    by_tid = {wait.tid: wait for wait in waits}
    path: list[int] = []
    tid = waits[0].tid
    while tid not in path:
        path.append(tid)
        wakers = by_tid[tid].wakers
        if not wakers:
            return (by_tid[tid],)
        tid = min(wakers)
    return tuple(by_tid[member] for member in path[path.index(tid) :])
