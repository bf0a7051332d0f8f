"""The one line that says what is going on while grading; it never reaches a log or a result."""

import os
from types import TracebackType
from typing import Self, TextIO

from grader.reports.text import cells, one_line, visible

_GLYPHS = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_ERASE_LINE = "\r\x1b[2K"
_DEFAULT_WIDTH = 80


class Progress:
    """A line rewritten at each step, on a terminal and if `enabled`; otherwise nothing is ever written.

    Used with `with`, the line is gone at the end, whatever happened.
    """

    def __init__(self, stream: TextIO, *, enabled: bool) -> None:
        self._stream = stream
        self._enabled = enabled and stream.isatty()
        self._steps = 0

    def step(self, text: str) -> None:
        """Shows `text` in place of the step before."""
        if not self._enabled:
            return
        glyph = _GLYPHS[self._steps % len(_GLYPHS)]
        self._steps += 1
        self._write(f"{_ERASE_LINE}{glyph} {self._fitted(one_line(visible(text)))}")

    def done(self) -> None:
        """Takes the line away; nothing happens if none was shown."""
        if self._steps:
            self._steps = 0
            self._write(_ERASE_LINE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.done()

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()

    def _fitted(self, line: str) -> str:
        # A line that the terminal wraps could not be taken back: glyph, blank and last column stay free.
        room = self._width() - 3
        if cells(line) <= room:
            return line
        while line and cells(line) > room - 1:
            line = line[:-1]
        return f"{line}…"

    def _width(self) -> int:
        try:
            return os.get_terminal_size(self._stream.fileno()).columns or _DEFAULT_WIDTH
        except OSError:
            return _DEFAULT_WIDTH
