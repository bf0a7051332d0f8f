"""The result as one HTML file that needs nothing else and runs nothing, with a policy that says so."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from html import escape

from grader.findings import Finding
from grader.reports.diagnostics import build_summary, place, source_line
from grader.reports.drawings import DRAWINGS_CSS, draw
from grader.reports.evidence import Fact, adds_to, duration, facts, fraction, headline
from grader.reports.html_page import document, line
from grader.reports.html_style import CSS
from grader.reports.text import cut, visible
from grader.result import BuildReport, CheckResult, Diagnostic, Outcome, Result, Status, plain_number

TEXT_LIMIT = 20_000  # what someone may still read; a browser would open more

_MARKS = {Outcome.PASSED: "✓", Outcome.FAILED: "✗", Outcome.SKIPPED: "\N{EN DASH}"}


def render(result: Result) -> str:
    """A whole HTML document; every text in it is escaped, control characters are shown as escapes."""
    score = f"{plain_number(result.score)}/{plain_number(result.max_score)}"
    title = f"{score} · {result.submission} · {result.title}"
    return document(title, _body(result), CSS + DRAWINGS_CSS)


def _body(result: Result) -> Iterator[str]:
    yield from _header(result)
    if result.status is Status.REJECTED:
        yield f'<p class="card notice">The submission was rejected: {line(result.reason)}</p>'
    if result.build is not None:
        yield from _build(result.build)
    yield "<main><h2>Checks</h2>"
    for check in result.checks:
        yield from _check(result, check)
    yield "</main>"
    yield f"<footer>{line(' · '.join(_provenance(result)))}</footer>"


def _header(result: Result) -> Iterator[str]:
    passed = sum(check.outcome is Outcome.PASSED for check in result.checks)
    yield f"""\
<header>
<div><h1>{line(result.title)}</h1><p class="about">{line(result.submission)}</p></div>
<p class="score">{plain_number(result.score)}<small> / {plain_number(result.max_score)}</small></p>
</header>"""
    if result.max_score:
        yield _bar(result)
    yield f'<p class="tally">{passed} of {len(result.checks)} checks passed</p>'


def _bar(result: Result) -> str:
    """One segment for each check, as wide as its points; a part score splits its own."""
    left = Fraction(0)
    segments = []
    for check in result.checks:
        name = f"<title>{line(check.title)}: {fraction(check.points, check.max_points)}</title>"
        won = check.points if check.outcome is Outcome.FAILED else Fraction(0)
        for points, style in ((won, "passed"), (check.max_points - won, check.outcome.value)):
            if points > 0:
                segments.append(
                    f'<rect class="{style}" x="{float(left):g}" width="{float(points):g}" height="1">{name}</rect>'
                )
                left += points
    return (
        f'<svg class="bar" viewBox="0 0 {float(left):g} 1" preserveAspectRatio="none" role="img" '
        f'aria-label="points of each check">{"".join(segments)}</svg>'
    )


def _build(build: BuildReport) -> Iterator[str]:
    summary = build_summary(build)
    if not build.ok:
        yield f'<p class="card notice">The program does not compile{": " if summary else ""}{summary}.</p>'
    if not (build.diagnostics or build.log.strip()):
        return
    yield f"<section><h2>Build{': ' if summary else ''}{summary}</h2>"
    yield from map(_diagnostic, build.diagnostics)
    if build.log.strip():
        opened = "" if build.diagnostics else " open"
        summary = "<summary>What the compiler printed</summary>"
        yield f'<details class="log"{opened}>{summary}{_pre(build.log)}</details>'
    yield "</section>"


def _diagnostic(diagnostic: Diagnostic) -> str:
    style = "error" if "error" in diagnostic.severity else "warning"
    where = place(diagnostic)
    option = f' <code class="soft">{line(diagnostic.option)}</code>' if diagnostic.option else ""
    return (
        f'<div class="card diagnostic"><p>{f"<code>{line(where)}</code> " if where else ""}'
        f'<span class="{style}">{line(diagnostic.severity)}:</span> {line(diagnostic.message)}{option}</p>'
        f"{_quote(diagnostic)}</div>"
    )


def _quote(diagnostic: Diagnostic) -> str:
    source = source_line(diagnostic)
    if source is None:
        return ""
    caret = "" if source.before is None else f'\n<span class="caret">{" " * source.before}^</span>'
    return f"<pre>\n{escape(source.code)}{caret}</pre>"


def _check(result: Result, check: CheckResult) -> Iterator[str]:
    outcome = check.outcome.value
    yield f"""\
<article class="card check {outcome}">
<div class="line"><span class="mark" role="img" aria-label="{outcome}">{_MARKS[check.outcome]}</span>\
<h3>{line(check.title)}</h3><span class="points">{fraction(check.points, check.max_points)}</span>\
<span class="time">{duration(check.duration_seconds)}</span></div>"""
    match check.outcome:
        case Outcome.FAILED:
            yield from _block(_failure(check))
        case Outcome.SKIPPED:
            # Without a verdict every check is skipped for the one reason that stands above.
            if result.status is Status.GRADED and check.message:
                yield from _block([f'<p class="soft">{line(check.message)}</p>'])
        case Outcome.PASSED:
            proof = [*map(_evidence, check.findings), *_transcript(check)]
            if proof:
                yield from _block(["<details><summary>What was run</summary>", *proof, "</details>"])
    yield "</article>"


def _block(parts: Iterable[str]) -> Iterator[str]:
    yield '<div class="body">'
    yield from parts
    yield "</div>"


def _failure(check: CheckResult) -> Iterator[str]:
    yield f"<p>{line(check.message or 'the check did not pass')}</p>"
    for finding in check.findings:
        yield _evidence(finding, say=adds_to(check, finding))
    yield from _transcript(check)
    for picture in check.pictures:
        yield from draw(picture)
    if check.hint:
        yield f'<p class="hint"><b>Hint:</b> {line(check.hint)}</p>'


def _transcript(check: CheckResult) -> list[str]:
    return [_pre(check.transcript)] if check.transcript.strip() else []


def _evidence(finding: Finding, *, say: bool = True) -> str:
    message = f"<p>{line(finding.message)}</p>" if say else ""
    rows = "".join(map(_fact, facts(finding.evidence)))
    evidence = f"<dl>{rows}</dl>" if rows else ""
    return f'<div class="finding"><p class="kind">{line(headline(finding))}</p>{message}{evidence}</div>'


def _fact(fact: Fact) -> str:
    if len(fact.lines) == 1:
        return f"<dt>{line(fact.label)}</dt><dd>{line(fact.lines[0])}</dd>"
    lines = "\n".join(fact.lines)
    return f'<dt class="wide">{line(fact.label)}</dt><dd class="wide">{_pre(lines)}</dd>'


def _provenance(result: Result) -> Iterator[str]:
    yield result.assignment
    yield result.digest
    if result.environment is not None:
        yield f"grader {result.environment.grader}"
        yield result.environment.image
        yield f"Linux {result.environment.kernel}"
    if result.duration_seconds:
        yield f"graded in {duration(result.duration_seconds)}"


def _pre(text: str) -> str:
    # A newline right after <pre> would be swallowed (HTML standard, 13.2.6.4.7).
    return f"<pre>\n{escape(cut(visible(text).rstrip(), TEXT_LIMIT))}</pre>"
