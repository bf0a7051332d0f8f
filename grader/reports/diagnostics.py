"""What the compiler said, in the parts that reports show."""

from collections.abc import Iterator
from dataclasses import dataclass

from grader.reports.text import cells, visible
from grader.result import BuildReport, Diagnostic


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """A quoted line without its indentation, fit to be shown, and how many columns stand before the caret."""

    code: str
    before: int | None


def source_line(diagnostic: Diagnostic) -> SourceLine | None:
    """The line that the diagnostic quotes, if any."""
    quote = diagnostic.quote.partition("\n")[0].rstrip().expandtabs()
    code = quote.lstrip()
    if not code:
        return None
    # gcc counts columns as displayed, with tabs of 8 (-fdiagnostics-column-unit=display, -ftabstop=8).
    column = (diagnostic.column or 0) - 1 - (len(quote) - len(code))
    before = cells(visible(code[:column])) if 0 <= column <= len(code) else None
    return SourceLine(code=visible(code), before=before)


def place(diagnostic: Diagnostic) -> str:
    """`pipeline.c:12:9`, as far as it is known, else ""."""
    if not diagnostic.file:
        return ""
    numbers = (diagnostic.line, diagnostic.column)
    return ":".join([diagnostic.file, *(str(number) for number in numbers if number is not None)])


def build_summary(build: BuildReport) -> str:
    """`2 warnings`, `1 error, 3 warnings`; "" when the compiler had nothing to say."""
    severities = [diagnostic.severity for diagnostic in build.diagnostics]
    errors = sum("error" in severity for severity in severities)
    return ", ".join(_counts(errors=errors, warnings=severities.count("warning")))


def _counts(**counts: int) -> Iterator[str]:
    for noun, count in counts.items():
        if count:
            yield f"{count} {noun.removesuffix('s') if count == 1 else noun}"
