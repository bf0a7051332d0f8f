"""From the call graph and the handlers to findings. Pure.

POSIX.1-2017, 2.4.3: a function that is not async-signal-safe has undefined behaviour when a handler calls it *and*
the signal has interrupted such a function. Whether it can, the graph does not tell; the message says so.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from grader.findings import Finding, FindingKind, Source
from grader.signal_safety.call_graph import INDIRECT, CallGraph, Place, function_name
from grader.signal_safety.safe_functions import is_safe, plain_name

_INSTEAD = {
    **dict.fromkeys(("printf", "puts", "putchar", "fputs", "perror", "dprintf", "vprintf"), "Use `write` instead."),
    "exit": "Use `_exit` instead.",
    "malloc": "Set a flag and do the work outside of the handler.",
    "free": "Set a flag and do the work outside of the handler.",
}
_SET_A_FLAG = "Let the handler set a `volatile sig_atomic_t` and do the work outside of it."


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsafeCall:
    """A call that a handler reaches: `path` are the functions from the handler to the one that calls `function`."""

    handler: str
    path: tuple[str, ...]
    function: str
    place: Place | None


def unsafe_calls(graph: CallGraph, handler: str) -> Iterator[UnsafeCall]:
    """Every call of an unsafe library function that `handler` reaches, each by a shortest path.

    What a pointer points to is not known, and not claimed.
    """
    reached: dict[str, tuple[str, ...]] = {handler: (handler,)}
    waiting = deque([handler])
    while waiting:
        caller = waiting.popleft()
        for call in graph.calls[caller]:
            if call.callee in graph.calls:
                if call.callee not in reached:
                    reached[call.callee] = (*reached[caller], call.callee)
                    waiting.append(call.callee)
            elif call.callee != INDIRECT and not is_safe(call.callee):
                yield UnsafeCall(
                    handler=handler, path=reached[caller], function=plain_name(call.callee), place=call.place
                )


def signal_safety_findings(graph: CallGraph, handlers: Sequence[str]) -> tuple[Finding, ...]:
    """One finding for each call of an unsafe function in the source, naming every handler that reaches it."""
    by_place: dict[object, list[UnsafeCall]] = {}
    for handler in handlers:
        for call in unsafe_calls(graph, handler):
            by_place.setdefault((call.path[-1], call.function, call.place), []).append(call)
    return tuple(_finding(graph, calls) for calls in by_place.values())


def _finding(graph: CallGraph, calls: Sequence[UnsafeCall]) -> Finding:
    first = min(calls, key=lambda call: len(call.path))
    names = " and ".join(f"`{function_name(handler)}`" for handler in dict.fromkeys(call.handler for call in calls))
    many = len(calls) > 1
    through = " through " + ", ".join(f"`{function_name(title)}`" for title in first.path[1:]) if first.path[1:] else ""
    where = f" ({first.place})" if first.place else ""
    return Finding(
        kind=FindingKind.SIGNAL,
        resource=first.function,
        source=Source(file=first.place.file, line=first.place.line) if first.place else None,
        message=f"The signal handler{'s' if many else ''} {names} call{'' if many else 's'} `{first.function}`{through}"
        f"{where}, which is not async-signal-safe (signal-safety(7)): if the signal arrives while the program is in a "
        "function such as that, it may hang or corrupt its data. " + _INSTEAD.get(first.function, _SET_A_FLAG),
        evidence={
            "function": first.function,
            "handlers": [_told(graph, call.handler) for call in calls],
            "path": [_told(graph, title) for title in first.path],
        },
    )


def _told(graph: CallGraph, title: str) -> str:
    place = graph.places.get(title)
    return f"`{function_name(title)}`" + (f" ({place})" if place else "")
