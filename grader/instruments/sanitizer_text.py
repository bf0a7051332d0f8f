"""The form that all sanitizers' texts share: numbered stack frames below a heading.

GCC's runtime library is LLVM's compiler-rt; https://github.com/google/sanitizers/wiki describes the texts.
"""

import re
from collections.abc import Sequence

from grader.instruments.reports import Frame, Stack, relative

_FRAME = re.compile(r"^\s+#\d+ (?:0x[0-9a-f]+ in )?(?P<function>\S+)(?: (?P<place>.*))?$")
_PLACE = re.compile(r"^(?P<file>[^()]+?):(?P<line>\d{1,10})(?::\d+)?(?: |$)")


_REMARK = re.compile(r"^==\d+==(?:WARNING: |HINT: |Running thread \d+ was not suspended)|^=+$")


def gave_up(lines: Sequence[str]) -> str:
    """What a text without any report says, "" if it has nothing but remarks: then the tool has looked."""
    return " ".join(" ".join(line for line in lines if not _REMARK.match(line)).split())[:300]


def read_frame(line: str) -> Frame | None:
    """The frame that a line shows, None if it is no frame."""
    match = _FRAME.match(line)
    if match is None:
        return None
    place = _PLACE.match(match["place"] or "")
    file = relative(place["file"]) if place else ""
    return Frame(function=match["function"], file=file, line=int(place["line"]) if place and file else 0)


def read_stack(lines: Sequence[str], start: int) -> Stack:
    """The frames that begin at the first one at or after `start`, with nothing but headings of it between."""
    frames: list[Frame] = []
    for line in lines[start:]:
        frame = read_frame(line)
        if frame is not None:
            frames.append(frame)
        elif frames or not line.strip():
            break
    return tuple(frames)


def stack_below(lines: Sequence[str], heading: "re.Pattern[str]") -> Stack:
    """The stack under the first line that `heading` finds; empty if there is none."""
    for number, line in enumerate(lines):
        if heading.search(line):
            return read_stack(lines, number + 1)
    return ()
