"""From a failed assertion to the sentence a student reads, and the transcript of what was run. Pure."""

import ast
import re
import sys
from collections.abc import Sequence

from grader.checks.run import Run
from grader.findings import Finding, FindingKind

_FATAL = frozenset(
    {
        FindingKind.DEADLOCK,
        FindingKind.TIMEOUT,
        FindingKind.MEMORY_LIMIT,
        FindingKind.OUTPUT_LIMIT,
        FindingKind.PROCESS_LIMIT,
        FindingKind.CRASH,
    }
)
"""Findings that explain whatever else a run did not do."""

_OPERATORS: dict[type[ast.cmpop], str] = {
    ast.Eq: "",
    ast.Is: "",
    ast.NotEq: "!= ",
    ast.Lt: "< ",
    ast.LtE: "<= ",
    ast.Gt: "> ",
    ast.GtE: ">= ",
    ast.In: "in ",
    ast.NotIn: "not in ",
}
_WHERE = re.compile(r"\+  where (?P<value>.+) = (?P<object>.+)\.(?P<attribute>\w+)$", re.MULTILINE)

_ENDLESS_NUMBER = re.compile(rb"[0-9]{%d}" % (sys.int_info.default_max_str_digits + 1))
"""What `int` refuses to read, since it would take too long."""

EXCERPT_BYTES = 1000
"""How much of a stream a transcript shows: enough for the end of any honest output, short enough to read."""


def explain(text: str, runs: Sequence[Run], asked: Sequence[Finding]) -> tuple[str, tuple[Finding, ...]]:
    """The message for a failed assertion of that text, and the findings that belong to it, the decisive one first.

    What ended a run (a deadlock, a limit, a crash of its first process) comes first: it is why the rest is missing.
    Then findings that the assertion itself printed, then crashes of other processes, which may be what the check
    wanted. Otherwise the assertion speaks.
    """
    fatal = [(run, finding) for run in runs for finding in run.all_findings if _is_fatal(finding)]
    aside = [finding for run, finding in fatal if finding.kind is FindingKind.CRASH and finding.pid != run.root]
    decisive = [finding for _run, finding in fatal if finding not in aside]
    printed = [finding for finding in asked if f"<{finding.kind}: " in text]
    findings = _unique(decisive + printed + aside)
    own_words = not text.startswith("assert ")
    if findings and not (own_words and findings[0].kind is FindingKind.CRASH):
        return findings[0].message, findings
    return readable_assertion(text), findings


def unreadable(error: BaseException, written: Sequence[bytes]) -> str:
    """What a check could not read of what the program has written, "" if that is not what the error is about.

    No check has to expect bytes that are no text, or a number that Python refuses to read.
    """
    if isinstance(error, UnicodeDecodeError):
        wrong = error.object[error.start : error.end]
        around = error.object[max(0, error.start - 20) : error.end + 20]
        is_its = any(wrong in text for text in written)
        return f"what the program wrote is no text (UTF-8): {around!r}" if is_its else ""
    if isinstance(error, ValueError) and "integer string conversion" in str(error):
        is_its = any(_ENDLESS_NUMBER.search(text) for text in written)
        digits = sys.int_info.default_max_str_digits
        return f"the program wrote a number of more than {digits} digits" if is_its else ""
    return ""


def _is_fatal(finding: Finding) -> bool:
    return finding.kind in _FATAL or bool(finding.evidence.get("ended_the_program"))


def _unique(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Each once. A program can leak thousands of descriptors, so that they cannot all be compared with each other."""
    kept: list[Finding] = []
    seen: dict[object, list[Finding]] = {}
    for finding in findings:
        alike = seen.setdefault((finding.kind, finding.pid, finding.fd, finding.resource), [])
        if finding not in alike:
            alike.append(finding)
            kept.append(finding)
    return tuple(kept)


def readable_assertion(text: str) -> str:
    """One line for an assertion's text: the author's own words, or `exit_code of ./p false is 1, expected 0`."""
    lines = text.strip().splitlines() or ["the check failed"]
    first = lines[0].strip()
    if not first.startswith("assert "):
        return " ".join(line.strip() for line in _before_explanation(lines))
    comparison = _comparison(first.removeprefix("assert "))
    where = _WHERE.search(text)
    if comparison is None:
        return first
    got, expected = comparison
    if where is not None and where["value"] == got:
        subject = f"{where['attribute']} of {where['object']} is {got}"
    else:
        subject = f"got {got}"
    return f"{subject}, expected {expected}"


def _comparison(expression: str) -> tuple[str, str] | None:
    """What was found and what was expected, of a comparison of two values as Python prints them."""
    try:
        tree = ast.parse(expression, mode="eval").body
    except (SyntaxError, ValueError):  # a value that does not print as Python
        return None
    if not isinstance(tree, ast.Compare) or len(tree.ops) != 1 or type(tree.ops[0]) not in _OPERATORS:
        return None
    got = ast.get_source_segment(expression, tree.left)
    expected = ast.get_source_segment(expression, tree.comparators[0])
    return (got, _OPERATORS[type(tree.ops[0])] + expected) if got and expected else None


def _before_explanation(lines: Sequence[str]) -> list[str]:
    """The author's words, without what pytest adds below them."""
    kept = []
    for line in lines:
        if line.startswith("assert "):
            break
        kept.append(line)
    return kept


def transcript(runs: Sequence[Run]) -> str:
    """What was run and what came out, as a terminal would show it."""
    return "\n".join(_transcript_of(run) for run in runs)


def _transcript_of(run: Run) -> str:
    lines = [f"$ {run.command}"]
    for name, data in (("", run.stdout), ("stderr: ", run.stderr)):
        if data:
            lines.append(name + _excerpt(data))
    lines.append(f"[{run.ending}]")
    return "\n".join(lines)


def _excerpt(data: bytes) -> str:
    text = data.decode("utf-8", "replace").rstrip("\n")
    if len(text) <= EXCERPT_BYTES:
        return text
    half = EXCERPT_BYTES // 2
    return f"{text[:half]}\n… {len(text) - 2 * half} characters left out …\n{text[-half:]}"
