"""Sections as text and as JSON values; pure."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from bench.measure import Section, Spread

_LABEL_WIDTH = 58


def as_text(section: Section) -> str:
    """The section as a table of fixed columns."""
    return "\n".join(_lines(section))


def as_values(sections: Sequence[Section]) -> list[dict[str, object]]:
    """The sections as JSON values: seconds and ratios, unrounded."""
    return [asdict(section) for section in sections]


def _lines(section: Section) -> Iterator[str]:
    yield section.title
    if section.figures:
        yield f"  {'':{_LABEL_WIDTH}} {'median':>9}  {'range':>19}  {'n':>3}  {'ratio':>6}  {'range':>13}  aim"
    for figure in section.figures:
        ratio, ratio_range = "", ""
        if figure.ratio is not None:
            ratio = f"{figure.ratio.median:.2f}"
            ratio_range = f"{figure.ratio.least:.2f}…{figure.ratio.greatest:.2f}"
        line = (
            f"  {figure.label:{_LABEL_WIDTH}} {_time(figure.seconds.median):>9}  {_range(figure.seconds):>19}"
            f"  {figure.rounds:>3}  {ratio:>6}  {ratio_range:>13}  {figure.aim}"
        )
        yield line.rstrip()
    for note in section.notes:
        yield f"  {note}"
    yield ""


def _range(spread: Spread) -> str:
    return f"{_time(spread.least)}…{_time(spread.greatest)}"


def _time(seconds: float) -> str:
    if seconds >= 10:
        return f"{seconds:.1f} s"
    return f"{seconds * 1000:.0f} ms" if seconds >= 0.1 else f"{seconds * 1000:.2f} ms"
