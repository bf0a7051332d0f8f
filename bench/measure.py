"""Measured values and what is made of them; pure but for `interleave`, which runs what it is given."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The median of some values, and the least and the greatest of them."""

    median: float
    least: float
    greatest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        return cls(median=statistics.median(values), least=min(values), greatest=max(values))


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table: seconds, and how they compare with the line `against`, round by round."""

    label: str
    seconds: Spread
    rounds: int
    against: str = ""
    ratio: Spread | None = None
    aim: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What belongs together in the table. `notes` says what was counted, or why something is missing."""

    title: str
    figures: tuple[Figure, ...]
    notes: tuple[str, ...] = ()


Measurements = Mapping[str, Sequence[float]]


def interleave(variants: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Run every variant once a round, each round beginning with another; a variant returns its seconds.

    Interleaved, so that whatever else the machine does meanwhile falls on all alike.
    """
    taken: dict[str, list[float]] = {label: [] for label in variants}
    labels = list(variants)
    for number in range(rounds):
        first = number % len(labels)
        for label in labels[first:] + labels[:first]:
            taken[label].append(variants[label]())
    return taken


def figure(taken: Measurements, label: str, *, against: str = "", aim: str = "", shown_as: str = "") -> Figure:
    """The line for `label`; with `against` the ratio to that line, taken within each round."""
    values = taken[label]
    ratio = None
    if against:
        ratio = Spread.of([value / other for value, other in zip(values, taken[against], strict=False)])
    return Figure(
        label=shown_as or label, seconds=Spread.of(values), rounds=len(values), against=against, ratio=ratio, aim=aim
    )
