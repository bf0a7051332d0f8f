"""The report of a class as one HTML file: how it went, what was hard, who needs a look, links to each report."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from grader.reports.html_page import document, line
from grader.reports.html_style import CSS

BUCKETS = 10
SLOWEST_SHOWN = 10

_MARKS = {"passed": "✓", "failed": "✗", "skipped": "\N{EN DASH}"}

_CLASS_CSS = """\
body { max-width: 68rem; }
figure { margin: 0; overflow-x: auto; }
figure > svg { max-width: 100%; min-width: 30rem; height: auto; }
svg text { fill: var(--ink); font: 11px system-ui, sans-serif; }
svg .soft { fill: var(--soft); }
.bars rect { fill: var(--hint); }
.bars .failed { fill: var(--failed); }
.facts { display: flex; flex-wrap: wrap; gap: 1rem 2.5rem; margin-top: 1.25rem; }
.facts dt { font-size: .85rem; } .facts dd { font-size: 1.5rem; font-weight: 650; }
.facts div { display: block; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
th { color: var(--soft); font-weight: 600; }
td { overflow-wrap: anywhere; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.map td, .map th { padding: .1rem .35rem .1rem .25rem; border: 0; white-space: nowrap; }
.map td:first-child { white-space: normal; min-width: 8rem; }
.map td.cell { width: 1.6rem; min-width: 1.6rem; padding: .1rem 0; text-align: center; border: 1px solid var(--page);
  color: var(--page); }
.map .passed { background: var(--passed); } .map .failed { background: var(--failed); }
.map td.skipped { background: var(--rule); color: var(--ink); } .map th.check { font-weight: 400; }
a { color: var(--hint); }
@media (max-width: 34rem) { td .bars { width: 3.5rem; } }
@media print { .map td.cell { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """One submission as the page shows it. `checks` has title and outcome by id; `score` is None without a verdict."""

    key: str
    name: str
    id: str
    status: str
    score: float | None
    max_score: float | None
    reason: str
    duration_seconds: float | None
    checks: Mapping[str, tuple[str, str]]
    kinds: tuple[str, ...]


def render(title: str, submissions: Sequence[Submitted]) -> str:
    """A whole HTML document; the reports it links to are in `reports/` beside it."""
    return document(f"{title}: {len(submissions)} submissions", _body(title, submissions), CSS + _CLASS_CSS)


def _body(title: str, submissions: Sequence[Submitted]) -> Iterator[str]:
    graded = [submission for submission in submissions if submission.score is not None]
    titles = {check: title for submission in graded for check, (title, _outcome) in submission.checks.items()}
    about = _count(len(submissions), "submission")
    yield f'<header><div><h1>{line(title)}</h1><p class="about">{about}</p></div></header>'
    yield from _facts(submissions, graded)
    if graded:
        yield "<section><h2>Scores</h2>"
        yield from _distribution(graded)
        yield "</section><section><h2>Checks that were not passed</h2>"
        yield from _failed_checks(graded, titles)
        yield "</section>"
        yield from _kinds(graded)
    yield from _without_verdict(submissions)
    yield from _slowest(graded)
    yield "<section><h2>Submissions by checks</h2>"
    yield from _map(submissions, titles)
    yield "</section>"


def _facts(submissions: Sequence[Submitted], graded: Sequence[Submitted]) -> Iterator[str]:
    shares = sorted(_share(submission) for submission in graded)
    facts = {"graded": str(len(graded))}
    if shares:
        middle = (shares[(len(shares) - 1) // 2] + shares[len(shares) // 2]) / 2
        facts["mean score"] = f"{100 * sum(shares) / len(shares):.0f} %"
        facts["median score"] = f"{100 * middle:.0f} %"
        facts["full marks"] = str(sum(share == 1 for share in shares))
    for status, label in (("build-failed", "not compiled"), ("rejected", "rejected"), ("no-verdict", "no verdict")):
        number = sum(submission.status == status for submission in submissions)
        if number:
            facts[label] = str(number)
    pairs = "".join(f"<div><dt>{line(label)}</dt><dd>{value}</dd></div>" for label, value in facts.items())
    yield f'<dl class="facts">{pairs}</dl>'


def _share(submission: Submitted) -> float:
    return (submission.score or 0.0) / submission.max_score if submission.max_score else 0.0


def _distribution(graded: Sequence[Submitted]) -> Iterator[str]:
    counts = Counter(min(int(_share(submission) * BUCKETS), BUCKETS - 1) for submission in graded)
    most = max(counts.values())
    width, height, step = 640, 120, 64
    parts = []
    for bucket in range(BUCKETS):
        number = counts[bucket]
        tall = round(height * number / most)
        low, high = bucket * 100 // BUCKETS, (bucket + 1) * 100 // BUCKETS
        label = f"{low}\N{EN DASH}{high} %"
        x = bucket * step
        parts.append(
            f'<rect x="{x + 4}" y="{20 + height - tall}" width="{step - 8}" height="{tall}">'
            f"<title>{label}: {number}</title></rect>"
            f'<text x="{x + step / 2:g}" y="{14 + height - tall}" text-anchor="middle">{number or ""}</text>'
            f'<text class="soft" x="{x + step / 2:g}" y="{38 + height}" text-anchor="middle">{label}</text>'
        )
    yield (
        f'<figure><svg class="bars" viewBox="0 0 {width} {height + 48}" width="{width}" role="img" '
        f'aria-label="how many submissions have which score">{"".join(parts)}</svg></figure>'
    )


def _failed_checks(graded: Sequence[Submitted], titles: Mapping[str, str]) -> Iterator[str]:
    rows = []
    for check, title in titles.items():
        failed = _outcomes(graded, check)["failed"]
        skipped = _outcomes(graded, check)["skipped"]
        share = 100 * failed / len(graded)
        rows.append(
            f"<tr><td>{line(title)}</td>"
            f'<td><svg class="bars" viewBox="0 0 100 10" width="160" height="12" preserveAspectRatio="none" role="img" '
            f'aria-label="{share:.0f} percent"><rect class="failed" width="{share:.1f}" height="10"/></svg></td>'
            f'<td class="number">{failed}</td><td class="number">{skipped}</td></tr>'
        )
    head = '<tr><th>check</th><th></th><th class="number">failed</th><th class="number">skipped</th></tr>'
    yield f"<figure><table>{head}{''.join(rows)}</table></figure>"


def _outcomes(graded: Sequence[Submitted], check: str) -> Counter[str]:
    return Counter(submission.checks[check][1] for submission in graded if check in submission.checks)


def _kinds(graded: Sequence[Submitted]) -> Iterator[str]:
    kinds = Counter(kind for submission in graded for kind in set(submission.kinds))
    if not kinds:
        return
    rows = "".join(
        f'<tr><td><code>{line(kind)}</code></td><td class="number">{number}</td></tr>'
        for kind, number in kinds.most_common()
    )
    head = '<tr><th>finding</th><th class="number">submissions</th></tr>'
    yield f"<section><h2>What was found</h2><figure><table>{head}{rows}</table></figure></section>"


def _without_verdict(submissions: Sequence[Submitted]) -> Iterator[str]:
    without = [submission for submission in submissions if submission.score is None]
    if not without:
        return
    rows = "".join(f"<tr><td>{line(each.name)}</td><td>{line(each.reason)}</td></tr>" for each in without)
    yield f"<section><h2>Without a verdict: to be graded again</h2><table>{rows}</table></section>"


def _slowest(graded: Sequence[Submitted]) -> Iterator[str]:
    timed = [each for each in graded if each.duration_seconds]
    slowest = sorted(timed, key=lambda each: -(each.duration_seconds or 0.0))[:SLOWEST_SHOWN]
    if slowest:
        rows = "".join(
            f'<tr><td>{_link(each)}</td><td class="number">{each.duration_seconds:.1f} s</td></tr>' for each in slowest
        )
        yield f"<section><h2>Slowest</h2><table>{rows}</table></section>"


def _map(submissions: Sequence[Submitted], titles: Mapping[str, str]) -> Iterator[str]:
    """The heat map: a row for each submission, a column for each check, best first."""
    numbered = "".join(
        f'<th class="check" title="{line(title)}">{number}</th>'
        for number, title in enumerate(titles.values(), start=1)
    )
    head = f'<tr><th>submission</th><th>id</th><th class="number">score</th><th>status</th>{numbered}</tr>'
    ordered = sorted(submissions, key=lambda each: (-_share(each) if each.score is not None else 1, each.name))
    yield f'<figure><table class="map"><thead>{head}</thead><tbody>'
    for each in ordered:
        score = "" if each.score is None else f"{each.score:g} / {each.max_score:g}"
        cells = "".join(_cell(each, check, title) for check, title in titles.items())
        yield (
            f'<tr><td>{_link(each)}</td><td>{line(each.id)}</td><td class="number">{score}</td>'
            f"<td>{line(each.status)}</td>{cells}</tr>"
        )
    yield "</tbody></table></figure>"
    legend = "".join(f"<li>{line(title)}</li>" for title in titles.values())
    yield f"<ol>{legend}</ol>"


def _cell(submission: Submitted, check: str, title: str) -> str:
    outcome = submission.checks[check][1] if check in submission.checks else ""
    return f'<td class="cell {line(outcome)}" title="{line(title)}: {line(outcome)}">{_MARKS.get(outcome, "")}</td>'


def _link(submission: Submitted) -> str:
    if submission.score is None:
        return line(submission.name)
    return f'<a href="reports/{quote(submission.key)}.html">{line(submission.name) or "(no name)"}</a>'


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
