"""Who sleeps for a time, rather than until something happens; pure."""

from collections.abc import Callable, Mapping

from grader.observe.object_waits import as_int
from grader.observe.snapshot import ProcessState, Snapshot, ThreadState

_FUTEX_COMMAND = 0x7F
_FUTEX_WAITS = (0, 6, 9, 11, 13)
"""FUTEX_WAIT, _LOCK_PI, _WAIT_BITSET, _WAIT_REQUEUE_PI, _LOCK_PI2: for the others that argument is no time."""


def _number(index: int) -> Callable[[tuple[int, ...]], bool]:
    """A time limit in milliseconds, none if negative."""
    return lambda arguments: as_int(arguments[index]) > 0


def _pointer(index: int) -> Callable[[tuple[int, ...]], bool]:
    """A time limit in memory, none without an address."""
    return lambda arguments: arguments[index] != 0


_LIMITED: Mapping[str, Callable[[tuple[int, ...]], bool]] = {
    **dict.fromkeys(("nanosleep", "clock_nanosleep"), lambda arguments: True),
    "poll": _number(2),
    "ppoll": _pointer(2),
    **dict.fromkeys(("select", "pselect6"), _pointer(4)),
    **dict.fromkeys(("epoll_wait", "epoll_pwait"), _number(3)),
    "epoll_pwait2": _pointer(3),
    "futex": lambda arguments: arguments[1] & _FUTEX_COMMAND in _FUTEX_WAITS and arguments[3] != 0,
    "rt_sigtimedwait": _pointer(2),
    "semtimedop": _pointer(3),
    **dict.fromkeys(("mq_timedreceive", "mq_timedsend"), _pointer(4)),
}
"""The calls that can wait for a time. Not `restart_syscall`: it may go on with a wait that has no limit."""


def sleepers_for_a_time(snapshot: Snapshot, exe: str) -> dict[int, tuple[ProcessState, ThreadState]]:
    """The threads that sleep in a call with a time limit, by thread id, of the processes that run that program."""
    return {
        thread.tid: (process, thread)
        for process, thread in snapshot.live_threads
        if process.exe == exe and _is_limited(thread)
    }


def is_awake(snapshot: Snapshot, exe: str) -> bool:
    """Whether a thread of the processes that run that program runs, or would if it had a processor."""
    return any(process.exe == exe and thread.status.state == "R" for process, thread in snapshot.live_threads)


def _is_limited(thread: ThreadState) -> bool:
    if thread.status.state != "S" or thread.call is None:
        return False
    judge = _LIMITED.get(thread.call.name)
    return judge is not None and judge(thread.call.arguments)
