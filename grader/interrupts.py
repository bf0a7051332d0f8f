"""Ctrl-C, for a command that still loads modules while its sandbox is being started."""

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

from grader import INTERRUPTED  # what takes long is not loaded here: until `obey` an interrupt is a traceback


class Interrupts:
    """What SIGINT does to the command: at first it ends the process, as there is nothing to take back.

    While modules are being loaded KeyboardInterrupt is of no use. The import system has a callback for each module
    (`_get_module_lock` in CPython's importlib/_bootstrap.py), and what a handler raises in a callback is dropped: the
    command would go on as if nobody had interrupted it. So an interrupt is kept until all is loaded.
    """

    def __init__(self) -> None:
        self.left = "nothing was written"
        """What an interrupted command leaves behind, for whoever has interrupted it."""
        self._has_come = False
        self._on_interrupt: Callable[[bool], None] = self._leave

    def obey(self) -> None:
        """Handle SIGINT, unless whoever started the command has it ignored, as a shell does in the background."""
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._come)

    def keep(self) -> None:
        """From now on there is something to take back: keep an interrupt until `deliver`."""
        self._on_interrupt = self._wait

    def deliver(self) -> None:
        """From now on raise KeyboardInterrupt, and do so now if an interrupt has come."""
        self._on_interrupt = self._raise
        if self._has_come:
            self._raise()

    def telling(self, tell: Callable[..., None]) -> Callable[..., None]:
        """`tell`, which now raises KeyboardInterrupt once more if one has been raised and was dropped or swallowed."""

        def told(*news: object) -> None:
            if self._has_come and self._on_interrupt == self._raise:
                self._raise()
            tell(*news)

        return told

    def _come(self, _number: int, _frame: FrameType | None) -> None:
        is_first, self._has_come = not self._has_come, True
        self._on_interrupt(is_first)

    def _leave(self, _is_first: bool = True) -> None:
        try:
            if sys.stderr is not None:
                os.write(2, f"grader: interrupted; {self.left}\n".encode())  # print may be what was interrupted
        finally:
            os._exit(INTERRUPTED)

    def _wait(self, is_first: bool) -> None:
        if not is_first:  # whoever asks twice will not wait; the container goes when this process has
            self._leave()

    def _raise(self, _is_first: bool = True) -> None:
        raise KeyboardInterrupt
