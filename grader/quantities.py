"""Amounts with units, as `limits` in an assignment.yaml has them: `5s`, `128MiB`, `32`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from grader.yaml_lines import Value

_AMOUNT = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?) ?([A-Za-z]*)")
_SECONDS = {"": Fraction(1), "ms": Fraction(1, 1000), "s": Fraction(1), "m": Fraction(60)}
_BYTES = {"b": 1, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "kb": 10**3, "mb": 10**6, "gb": 10**9}


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """What an amount may be: its units (in small letters) and its bounds; `expected` says so to an author."""

    expected: str
    units: Mapping[str, Fraction | int]
    least: Fraction | int
    most: int
    whole: bool = False

    def read(self, value: Value) -> Fraction:
        """The amount in the unit that counts 1."""
        match = _AMOUNT.fullmatch(value.written(self.expected))
        unit = self.units.get(match[2].lower()) if match else None
        if match is None or unit is None:
            raise value.unexpected(self.expected)
        amount = Fraction(match[1]) * unit
        if not self.least <= amount <= self.most or (self.whole and amount.denominator != 1):
            raise value.unexpected(self.expected)
        return amount


# The bounds are what a check of a student's program can sensibly need.
LIMITS = {
    "time": Quantity(
        expected="a time from 10ms to 60m, such as 5s, 500ms or 2m",
        units=_SECONDS,
        least=Fraction(1, 100),
        most=60 * 60,
    ),
    "memory": Quantity(
        expected="a size with its unit from 8MiB to 64GiB, such as 128MiB",
        units=_BYTES,
        least=8 << 20,
        most=64 << 30,
    ),
    "processes": Quantity(
        expected="a whole number from 1 to 4096, such as 32",
        units={"": 1},
        least=1,
        most=4096,
        whole=True,
    ),
    "output": Quantity(
        expected="a size with its unit from 1KiB to 256MiB, such as 1MiB",
        units=_BYTES,
        least=1 << 10,
        most=256 << 20,
    ),
}
