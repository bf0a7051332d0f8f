"""The result for a person at a terminal, which obeys nothing that a program printed."""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from grader.findings import Finding
from grader.reports.diagnostics import build_summary, place, source_line
from grader.reports.evidence import adds_to, duration, facts, fraction, headline
from grader.reports.text import cells, cut, cut_lines, one_line, visible, without_ci_commands
from grader.result import BuildReport, CheckResult, Diagnostic, Outcome, Result, Status, plain_number

# A report is read, not scrolled through; the HTML has the rest.
QUOTED_LINES = 40
QUOTED_CHARACTERS = 4000
DIAGNOSTICS = 20

_NARROWEST, _WIDEST = 48, 100
_INDENT = " " * 4
_MARKS = {Outcome.PASSED: "✔", Outcome.FAILED: "✘", Outcome.SKIPPED: "\N{EN DASH}"}
_STYLES = {Outcome.PASSED: "32", Outcome.FAILED: "31", Outcome.SKIPPED: "2"}
_BOLD, _DIM, _RED, _YELLOW, _CYAN = "1", "2", "31", "33", "36"


def render(result: Result, *, color: bool, width: int) -> str:
    """The report as lines of at most `width` columns; what a program printed is not wrapped."""
    page = _Page(color=color, width=max(_NARROWEST, min(width, _WIDEST)))
    blocks = [list(page.header(result))]
    if result.build is not None:
        blocks.append(list(page.build(result.build)))
    blocks.append([line for check in result.checks for line in page.check(result, check)])
    blocks.append([page.verdict(result)])
    text = "\n\n".join("\n".join(block).rstrip("\n") for block in blocks if block)
    return without_ci_commands(text) + "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    color: bool
    width: int

    def header(self, result: Result) -> Iterator[str]:
        yield from (self._painted(line, _BOLD) for line in self._wrapped(result.title, ""))
        about = [_plain(result.submission)]
        if result.environment is not None:
            about.append(f"{_plain(result.environment.image)} on Linux {_plain(result.environment.kernel)}")
        yield from (self._painted(line, _DIM) for line in self._wrapped(" · ".join(about), ""))
        if result.status is Status.REJECTED:
            yield ""
            yield from (self._painted(line, _RED) for line in self._wrapped(f"rejected: {result.reason}", ""))

    def build(self, build: BuildReport) -> Iterator[str]:
        summary = build_summary(build)
        if not build.ok:
            yield self._painted("the program does not compile" + (f": {summary}" if summary else ""), _RED)
        elif summary:
            yield self._painted(f"compiled with {summary}", _YELLOW)
        for diagnostic in build.diagnostics[:DIAGNOSTICS]:
            yield from self._diagnostic(diagnostic)
        if len(build.diagnostics) > DIAGNOSTICS:
            yield f"  ({len(build.diagnostics) - DIAGNOSTICS} more)"
        if not build.ok and not build.diagnostics:
            yield from self._quoted(build.log, "  ")

    def check(self, result: Result, check: CheckResult) -> Iterator[str]:
        yield from self._check_line(check)
        if check.outcome is Outcome.FAILED:
            yield from self._wrapped(check.message or "the check did not pass", _INDENT)
            for finding in check.findings:
                yield from self._finding(check, finding)
            if check.transcript:
                yield from [""] if check.findings else []
                yield from self._quoted(check.transcript, _INDENT)
            if check.hint:
                hint = self._wrapped(f"hint: {check.hint}", _INDENT)
                yield from (self._painted(line, _CYAN) for line in hint)
            yield ""
        # Without a verdict every check is skipped for the one reason that stands above.
        elif check.outcome is Outcome.SKIPPED and check.message and result.status is Status.GRADED:
            yield from (self._painted(line, _DIM) for line in self._wrapped(check.message, _INDENT))

    def verdict(self, result: Result) -> str:
        score = f"score {plain_number(result.score)}/{plain_number(result.max_score)}"
        passed = sum(check.outcome is Outcome.PASSED for check in result.checks)
        style = f"{_BOLD};{_STYLES[Outcome.PASSED if result.all_passed else Outcome.FAILED]}"
        return f"{self._painted(score, style)} · {passed} of {len(result.checks)} checks passed"

    def _check_line(self, check: CheckResult) -> Iterator[str]:
        numbers = f"{fraction(check.points, check.max_points):>9}  {duration(check.duration_seconds):>7}"
        first, *more = self._wrapped(check.title, "", self.width - len(numbers) - 3) or [""]
        gap = " " * (self.width - cells(first) - len(numbers) - 2)
        mark = self._painted(_MARKS[check.outcome], _STYLES[check.outcome])
        yield f"{mark} {first}{gap}{self._painted(numbers.rstrip(), _DIM)}"
        yield from (f"  {line}" for line in more)

    def _finding(self, check: CheckResult, finding: Finding) -> Iterator[str]:
        yield ""
        yield from (self._painted(line, _YELLOW) for line in self._wrapped(headline(finding), _INDENT))
        if adds_to(check, finding):
            yield from self._wrapped(finding.message, _INDENT)
        for fact in facts(finding.evidence):
            if len(fact.lines) == 1:
                yield from self._wrapped(str(fact), f"{_INDENT}  ")
            else:
                yield f"{_INDENT}  {_plain(fact.label)}:"
                yield from (f"{_INDENT}    {line}".rstrip() for line in _verbatim("\n".join(fact.lines)))

    def _diagnostic(self, diagnostic: Diagnostic) -> Iterator[str]:
        option = f" [{diagnostic.option}]" if diagnostic.option else ""
        where = place(diagnostic)
        message = f"{f'{where}: ' if where else ''}{diagnostic.severity}: {diagnostic.message}{option}"
        yield from self._wrapped(message, "  ")
        line = source_line(diagnostic)
        if line is not None:
            yield f"      {line.code}"
            if line.before is not None:
                yield f"      {' ' * line.before}{self._painted('^', _YELLOW)}"

    def _quoted(self, text: str, indent: str) -> Iterator[str]:
        """What was run and printed, behind a rule, so that none of it passes for the report's own words."""
        bar = self._painted("│", _DIM)
        return (f"{indent}{bar} {line}".rstrip() for line in _verbatim(text))

    def _wrapped(self, text: str, indent: str, width: int | None = None) -> list[str]:
        return textwrap.wrap(
            _plain(text),
            width or self.width,
            initial_indent=indent,
            subsequent_indent=indent,
            break_on_hyphens=False,
        )

    def _painted(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self.color else text


def _verbatim(text: str) -> list[str]:
    return cut_lines(cut(visible(text).expandtabs(), QUOTED_CHARACTERS), QUOTED_LINES)


def _plain(text: str) -> str:
    return one_line(visible(text))
