"""The result as Markdown, for a pull request or a job's page: GitHub's dialect, which GitLab reads too.

https://github.github.com/gfm/
"""

import re
from collections.abc import Iterator

from grader.reports.evidence import duration, fraction, headline
from grader.reports.text import cut, one_line, visible, without_ci_commands
from grader.result import CheckResult, Outcome, Result, Status, plain_number

TEXT_LIMIT = 4_000
"""Of one transcript: a job's summary may have a mebibyte in all."""

_MARKS = {Outcome.PASSED: "✅", Outcome.FAILED: "❌", Outcome.SKIPPED: "⏭️"}
_PUNCTUATION = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~@&:$])")


def render(result: Result) -> str:
    """A heading, a table of the checks, and what is to be said of those that failed."""
    return without_ci_commands("\n".join(_lines(result))) + "\n"


def _lines(result: Result) -> Iterator[str]:
    score = f"{plain_number(result.score)}/{plain_number(result.max_score)}"
    yield f"## {_plain(result.title)}: {score}"
    yield ""
    yield f"Submission {_plain(result.submission)}"
    yield ""
    if result.status is Status.REJECTED:
        yield f"**The submission was rejected:** {_plain(result.reason)}"
        return
    if result.status is Status.BUILD_FAILED:
        yield "**The program does not compile.**"
        yield ""
        yield from _fenced(result.build.log if result.build is not None else "")
        return
    yield "| | check | points | time |"
    yield "|---|---|--:|--:|"
    for check in result.checks:
        points = fraction(check.points, check.max_points)
        yield f"| {_MARKS[check.outcome]} | {_plain(check.title)} | {points} | {duration(check.duration_seconds)} |"
    for check in result.checks:
        if check.outcome is Outcome.FAILED:
            yield ""
            yield from _failure(check)


def _failure(check: CheckResult) -> Iterator[str]:
    yield f"### ❌ {_plain(check.title)}"
    yield ""
    yield _plain(check.message or "the check did not pass")
    for finding in check.findings:
        yield ""
        yield f"- {_plain(headline(finding))}"
    if check.transcript.strip():
        yield ""
        yield from _fenced(check.transcript)
    if check.hint:
        yield ""
        yield f"> Hint: {_plain(check.hint)}"


def _plain(text: str) -> str:
    """Text that is nothing but text: no link, no mention, no image, no HTML."""
    return _PUNCTUATION.sub(r"\\\1", one_line(visible(text)))


def _fenced(text: str) -> Iterator[str]:
    """Text as it stands, behind a fence that is longer than any in it."""
    shown = cut(visible(text).rstrip(), TEXT_LIMIT)
    longest = max((len(run) for run in re.findall(r"`+", shown)), default=0)
    fence = "`" * max(3, longest + 1)
    yield f"{fence}text"
    yield shown
    yield fence
