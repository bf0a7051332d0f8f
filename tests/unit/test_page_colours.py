"""What a page says can be read: every mark stands out from what is behind it, in light, in dark and on paper."""

import re

import pytest

from grader.reports import class_page

AA = 4.5
"""https://www.w3.org/TR/WCAG21/#contrast-minimum"""


def themes() -> dict[str, dict[str, str]]:
    """The colours of each theme by name; what dark and paper leave as they are is that of light."""
    css = class_page.render("A class", []).partition("<style>")[2]
    light, dark, paper = (
        dict(re.findall(r"--(\w+): (#\w+);", block)) for block in re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    )
    return {"light": light, "dark": {**light, **dark}, "paper": {**light, **paper}}


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = (int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4))
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def colours_of_cell(outcome: str) -> tuple[str, str]:
    """The names of what a cell of the map is written with, and on."""
    css = class_page.render("A class", [])
    rules = [re.findall(rf"\.map (?:td)?\.{name} \{{([^}}]*)\}}", css) for name in ("cell", outcome)]
    text = " ".join(rule for found in rules for rule in found)
    ink = re.findall(r"(?<![\w-])color: (?:var\(--(\w+)\)|(#\w+))", text)
    behind = re.findall(r"background: var\(--(\w+)\)", text)
    return next(filter(None, ink[-1])), behind[-1]


@pytest.mark.parametrize("theme", ["light", "dark", "paper"])
@pytest.mark.parametrize("outcome", ["passed", "failed", "skipped"])
def test_the_mark_of_a_check_can_be_read(theme: str, outcome: str) -> None:
    colours = themes()[theme]
    ink, behind = colours_of_cell(outcome)
    assert contrast(colours.get(ink, ink), colours[behind]) >= AA, (theme, ink, behind)
