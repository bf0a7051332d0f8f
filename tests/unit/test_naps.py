"""Which waits have a time limit, told from the call and its arguments."""

import pytest

from grader.observe.naps import sleepers_for_a_time
from grader.observe.procfs import Status, SystemCall
from grader.observe.snapshot import ProcessState, Snapshot, ThreadState

ADDRESS = 0x7FFC12345678
NO_LIMIT = 0xFFFFFFFF
"""An `int` of -1, as a register may show it."""


def sleepers(call: str, *arguments: int, state: str = "S", exe: str = "/work/program") -> list[int]:
    status = Status(state=state, tracer=0, pending=0, blocked=0, ignored=0, caught=0, switches=(1, 0))
    blocked = SystemCall(number=1, name=call, arguments=(*arguments, *[0] * (6 - len(arguments))))
    thread = ThreadState(tid=7, status=status, call=blocked, memory={})
    process = ProcessState(
        pid=7,
        ppid=1,
        pgid=7,
        sid=7,
        command="program",
        argv=("./program",),
        exe=exe,
        state=state,
        threads=(thread,),
        fds=(),
        has_timers=False,
    )
    return list(
        sleepers_for_a_time(Snapshot(processes={7: process}, outside={}, time=0, complete=True), "/work/program")
    )


LIMITED = [
    ("nanosleep", ADDRESS),
    ("clock_nanosleep", 0, 0, ADDRESS),
    ("poll", ADDRESS, 1, 100),
    ("ppoll", ADDRESS, 1, ADDRESS),
    ("select", 1, ADDRESS, 0, 0, ADDRESS),
    ("epoll_wait", 3, ADDRESS, 1, 100),
    ("epoll_pwait2", 3, ADDRESS, 1, ADDRESS),
    ("futex", ADDRESS, 0x189, 0, ADDRESS),
    ("rt_sigtimedwait", ADDRESS, 0, ADDRESS),
    ("mq_timedreceive", 3, ADDRESS, 1, 0, ADDRESS),
]

UNLIMITED = [
    ("pause",),
    ("read", 0, ADDRESS, 100),
    ("poll", ADDRESS, 1, NO_LIMIT),
    ("poll", ADDRESS, 1, (1 << 64) - 1),
    ("ppoll", ADDRESS, 1, 0),
    ("select", 1, ADDRESS, 0, 0, 0),
    ("epoll_wait", 3, ADDRESS, 1, NO_LIMIT),
    ("futex", ADDRESS, 0x189, 0, 0),
    ("rt_sigtimedwait", ADDRESS, 0, 0),
    ("restart_syscall", ADDRESS, 1, 100),
]


@pytest.mark.parametrize("call", LIMITED)
def test_a_time_limit_is_seen(call: tuple[str, *tuple[int, ...]]) -> None:
    assert sleepers(*call) == [7]


@pytest.mark.parametrize("call", UNLIMITED)
def test_a_wait_that_has_none_or_may_have_none_is_left_alone(call: tuple[str, *tuple[int, ...]]) -> None:
    assert sleepers(*call) == []


def test_who_does_not_sleep_or_is_another_program_does_not_count() -> None:
    assert sleepers("poll", ADDRESS, 1, 100, state="T") == []
    assert sleepers("poll", ADDRESS, 1, 100, exe="/usr/bin/sleep") == []
