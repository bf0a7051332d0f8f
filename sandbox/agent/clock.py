"""The programs' own time: what passes while they compute or wait, but not while a busy machine keeps them waiting.

A time limit is for the program, and so it is judged by this clock. It stands still while the sandbox is paused, the
agent itself does not get to run, or nothing comes from the host, and it slows down as much as the programs get less of
the processors than they could use. What they take from each other does not count: sixteen processes that spin on two
free processors are as fast as can be.
"""

import contextlib
import os
import time
from collections import deque

from sandbox.agent import capture
from sandbox.agent.reading import text

SAMPLE_SECONDS = 0.05
"""How often the programs' share of the processors is looked up."""

LONGEST_TURN_SECONDS = 0.1
"""The agent looks after its programs every few milliseconds. If it could not for longer, and did not work for them
meanwhile, neither could they."""

SILENCE_SECONDS = 0.2
"""The host lets hear from itself four times as often. While it does not, a program may wait in vain for input that is
stuck on its way, behind an engine that is frozen or a host that is stopped."""

Times = dict[int, tuple[float, float]]
"""By thread, the seconds that it has computed, and that it has waited for a processor."""


class OwnClock:
    """Counts the seconds that were lost; `now` is the time without them."""

    def __init__(self) -> None:
        self.has_served = False
        """Whether the agent has answered a held call, or carried input or output, since the last sample."""
        self._lost = 0.0
        self._last_turn = self._last_sample = self._heard = time.monotonic()
        self._last_worked = time.process_time()
        self._turns_lost = 0.0
        self._seen: Times = {}
        self._samples: deque[tuple[float, float]] = deque(maxlen=8192)

    def now(self) -> float:
        """Seconds of the monotonic clock, without those that were lost; also if the agent was stopped a moment ago, in
        the midst of a turn.
        """
        now = time.monotonic()
        return now - self._lost - self._paused(now, time.process_time())

    def start(self) -> None:
        """A program starts after a time in which none was there: what went before is nobody's."""
        self._last_turn = self._last_sample = self._heard = time.monotonic()
        self._last_worked = time.process_time()
        self._turns_lost = 0.0
        self._seen = {}
        self._used_and_waited([os.getpid()], 0.0, self._seen)

    def hear(self) -> None:
        """To be called whenever something comes from the host."""
        self._heard = time.monotonic()

    def turn(self) -> None:
        """To be called on every turn of the agent's loop while programs run."""
        now, worked = time.monotonic(), time.process_time()
        paused = self._paused(now, worked)
        self._last_turn, self._last_worked = now, worked
        if paused > 0:
            self._turns_lost += paused
            self._lose(now, paused)
        if now - self._last_sample >= SAMPLE_SECONDS:
            self._sample(now)

    def _paused(self, now: float, worked: float) -> float:
        """How long nobody looked after the programs since the last turn, or they may have been kept waiting."""
        paused = now - self._last_turn - (worked - self._last_worked) - LONGEST_TURN_SECONDS
        return max(0.0, paused, now - max(self._last_turn, self._heard + SILENCE_SECONDS))

    def lost_in(self, seconds: float) -> float:
        """How many of the last `seconds` were lost."""
        self.turn()
        now = time.monotonic()
        self._sample(now)
        return min(seconds, sum(lost for when, lost in self._samples if when >= now - seconds))

    def _sample(self, now: float) -> None:
        passed = now - self._last_sample - self._turns_lost
        self._last_sample = now
        self._turns_lost = 0.0
        seen: Times = {}
        pids = capture.student_processes()
        used, waited = self._used_and_waited(pids, passed, seen)
        _, agent_waited = self._used_and_waited([os.getpid()], passed, seen)
        self._seen = seen
        lost = lost_seconds(passed, used, waited, _processors_of(pids))
        if self.has_served:  # programs that waited for the agent did so while it waited for a processor itself
            lost += max(0.0, min(agent_waited, passed - used - waited))
        self.has_served = False
        self._lose(now, lost)

    def _lose(self, now: float, seconds: float) -> None:
        if seconds:
            self._lost += seconds
            self._samples.append((now, seconds))

    def _used_and_waited(self, pids: list[int], passed: float, seen: Times) -> tuple[float, float]:
        """Seconds that all threads of these processes have computed, and have waited for a processor, since the last
        sample.
        """
        used = waited = 0.0
        for pid in pids:
            for tid in capture.numbers_in(f"/proc/{pid}/task"):
                on_processor, on_queue = capture.scheduled(tid)
                if on_processor == 0.0:  # it is gone
                    continue
                used_before, waited_before = self._seen.get(tid, (0.0, 0.0))
                # The kernel adds a wait when it is over. One that lasts is added here, and taken off again then.
                unseen = passed - (on_processor - used_before) - max(0.0, on_queue - waited_before)
                if unseen > 0 and tid in self._seen and _is_runnable(tid):
                    on_queue = max(on_queue, waited_before) + unseen
                used += on_processor - used_before
                waited += on_queue - waited_before
                seen[tid] = (on_processor, on_queue)
        return used, waited


def _is_runnable(tid: int) -> bool:
    status = text(f"/proc/{tid}/status")
    return isinstance(status, str) and "\nState:\tR" in status


def _processors_of(pids: list[int]) -> int:
    """How many processors they may use together, as far as they have not denied them to themselves."""
    allowed: set[int] = set()
    for pid in pids:
        with contextlib.suppress(OSError):  # it has ended meanwhile
            allowed |= os.sched_getaffinity(pid)
    return len(allowed)


def lost_seconds(passed: float, used: float, waited: float, processors: int) -> float:
    """How much of the time that `passed` was lost to others, if the programs used so much of the processors and waited
    for them so long.

    They wanted both together, and could have had no more than there are processors.
    """
    wanted = used + waited
    could_have = min(wanted, processors * passed)
    if could_have <= 0:
        return min(0.0, waited)  # a wait that was counted too long
    return min(passed, wanted) * (1 - used / max(could_have, used if waited >= 0 else could_have))
