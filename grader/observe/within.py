"""Giving up what computes for too long: what is read here may have been made to."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def within(seconds: float, otherwise: Exception) -> Iterator[None]:
    """Let the block compute for so long, then raise `otherwise` in it; only the main thread can be told."""

    def give_up(number: int, frame: FrameType | None) -> None:
        raise otherwise

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
