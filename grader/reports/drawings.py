"""Pictures of a run as SVG and tables: the timeline of its processes, who waits for whom, what was open."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

from grader.picture import DescriptorTable, Life, Picture, WaitEdge
from grader.reports.html_page import line

_WIDTH, _ROW, _LEFT, _RIGHT = 720, 26, 170, 16
_BEYOND = 24  # how far the bar of one that was still there reaches beyond the last thing that was seen
_LABEL_CHARACTERS = 24

DRAWINGS_CSS = """\
.drawing { margin: .7rem 0 0; overflow-x: auto; }
.drawing svg { display: block; max-width: none; }
.drawing figcaption { color: var(--soft); font-size: .88rem; margin-bottom: .3rem; }
.drawing text { fill: var(--ink); font: 12px system-ui, sans-serif; }
.drawing text.soft { fill: var(--soft); font-size: 11px; }
.life { fill: var(--hint); } .zombie { fill: var(--failed); opacity: .75; } .axis { stroke: var(--rule); }
.fork { stroke: var(--soft); fill: none; } .exec { fill: var(--ink); }
.waits { stroke: var(--failed); fill: none; stroke-width: 1.5; } .head { fill: var(--failed); }
.node { fill: var(--code); stroke: var(--rule); }
.fds { border-collapse: collapse; font-size: .86rem; }
.fds td, .fds th { padding: .15rem .8rem .15rem 0; text-align: left; overflow-wrap: normal; }
.fds td:nth-child(3) { overflow-wrap: anywhere; min-width: 9rem; }
.fds th { color: var(--soft); font-weight: 600; }
.fds .leaked td { color: var(--failed); font-weight: 600; }
@media print { .drawing { overflow: visible; } .drawing svg { max-width: 100%; height: auto; } }
"""


def draw(picture: Picture) -> Iterator[str]:
    """HTML of all that there is to see of one run."""
    if picture.waits:
        yield _wait_for_graph(picture.waits)
    if len(picture.lives) > 1:
        yield _timeline(picture)
    for table in picture.tables:
        yield _descriptors(table)


def _timeline(picture: Picture) -> str:
    lives = picture.lives
    last = max(max(life.start, life.end or 0.0, life.waited or 0.0) for life in lives)
    beyond = _BEYOND if any(life.end is None for life in lives) else 0
    end = _WIDTH - _RIGHT - beyond
    scale = (end - _LEFT) / max(last, 1e-6)
    rows = {life.pid: number for number, life in enumerate(lives)}
    height = _ROW * len(lives) + 24

    def x(seconds: float) -> float:
        return round(_LEFT + seconds * scale, 1)

    parts = [f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{height - 20}" y2="{height - 20}"/>']
    for life in lives:
        parts += _life(life, rows, x)
    parts.append(f'<text class="soft" x="{_LEFT}" y="{height - 6}">0</text>')
    parts.append(f'<text class="soft" x="{end}" y="{height - 6}" text-anchor="end">{_seconds(last)}</text>')
    legend = "a bar for each process; \N{BLACK DIAMOND} exec, red: a zombie until it is waited for"
    caption = f"{line(picture.command)}: {legend}"
    return _figure(caption, "timeline of the processes", _WIDTH, height, parts)


def _life(life: Life, rows: Mapping[int, int], x: Callable[[float], float]) -> Iterator[str]:
    top = rows[life.pid] * _ROW + 4
    label = line(_cut(f"{life.command} {life.pid}", _LABEL_CHARACTERS))
    lived = f"from {_seconds(life.start)}" if life.end is None else f"{_seconds(life.start)} to {_seconds(life.end)}"
    told = f"{life.command} (pid {life.pid}) {lived}, {life.ending}"
    yield f'<text x="{_LEFT - 10}" y="{top + 13}" text-anchor="end">{label}</text>'
    if life.ppid is not None and life.ppid in rows:
        parent = rows[life.ppid] * _ROW + 4 + (_ROW - 10) / 2
        yield f'<path class="fork" d="M{x(life.start)} {parent:g}V{top + 8}"/>'
    end = float(_WIDTH - _RIGHT) if life.end is None else x(life.end)
    width = max(end - x(life.start), 2)
    yield (
        f'<rect class="life" x="{x(life.start)}" y="{top}" width="{width:g}" height="{_ROW - 10}" rx="2">'
        f"<title>{line(told)}</title></rect>"
    )
    if life.end is not None and life.waited is not None and x(life.waited) - end >= 1:
        title = f"<title>a zombie for {_seconds(life.waited - life.end)}</title>"
        yield (
            f'<rect class="zombie" x="{end}" y="{top + 3}" width="{x(life.waited) - end:g}" '
            f'height="{_ROW - 16}">{title}</rect>'
        )
    for time, command in life.execs:
        middle, centre = x(time), top + (_ROW - 10) / 2
        title = f"<title>{_seconds(time)}: exec {line(_cut(command, 80))}</title>"
        yield f'<path class="exec" d="M{middle} {centre - 5:g}l5 5l-5 5l-5 -5z">{title}</path>'


def _wait_for_graph(waits: tuple[WaitEdge, ...]) -> str:
    """The nodes on a circle, the one that is told of first at the top; arrows go to who could end a wait."""
    shown = waits[:12]
    names = [edge.who for edge in shown]
    across, radius_x, radius_y = (720, 250, max(50, 22 * len(names))) if len(names) > 1 else (290, 0, 0)
    centre_x, centre_y = across / 2, radius_y + 40
    places = {}
    for number, name in enumerate(names):
        angle = 2 * math.pi * number / len(names) - math.pi / 2
        places[name] = (centre_x + radius_x * math.cos(angle), centre_y + radius_y * math.sin(angle))
    parts = [
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path class="head" d="M0 0L8 4L0 8z"/></marker></defs>'
    ]
    for edge in shown:
        parts += [_arrow(places[edge.who], places[waker]) for waker in edge.wakers if waker in places]
    for edge in shown:
        parts += _node(edge, *places[edge.who])
    return _figure("who waits for whom", "wait-for graph", across, round(centre_y + radius_y + 40), parts)


def _node(edge: WaitEdge, x: float, y: float) -> Iterator[str]:
    title = f"<title>{line(f'{edge.who} {edge.what}')}</title>"
    yield f'<rect class="node" x="{x - 105:.0f}" y="{y - 20:.0f}" width="210" height="40" rx="6">{title}</rect>'
    yield f'<text x="{x:.0f}" y="{y - 3:.0f}" text-anchor="middle">{line(_cut(edge.who, 32))}</text>'
    yield f'<text class="soft" x="{x:.0f}" y="{y + 13:.0f}" text-anchor="middle">{line(_cut(edge.what, 34))}</text>'


def _arrow(start: tuple[float, float], end: tuple[float, float]) -> str:
    """From border to border of the boxes; who waits for itself gets a loop."""
    if start == end:
        x, y = start
        return f'<path class="waits" marker-end="url(#head)" d="M{x + 105:.0f} {y - 6:.0f}c34 -26 34 38 2 14"/>'
    (from_x, from_y), (to_x, to_y) = _border(start, end), _border(end, start)
    bend_x, bend_y = (from_x + to_x) / 2 + (to_y - from_y) * 0.12, (from_y + to_y) / 2 - (to_x - from_x) * 0.12
    return (
        f'<path class="waits" marker-end="url(#head)" '
        f'd="M{from_x:.0f} {from_y:.0f}Q{bend_x:.0f} {bend_y:.0f} {to_x:.0f} {to_y:.0f}"/>'
    )


def _border(at: tuple[float, float], towards: tuple[float, float]) -> tuple[float, float]:
    across, up = towards[0] - at[0], towards[1] - at[1]
    share = min(107 / abs(across) if across else math.inf, 22 / abs(up) if up else math.inf)
    return at[0] + across * share, at[1] + up * share


def _descriptors(table: DescriptorTable) -> str:
    rows = "".join(
        f"<tr{' class=leaked' if row.is_leaked else ''}><td>{row.number}</td><td>{line(row.access)}</td>"
        f"<td>{line(row.target)}</td><td>{'leaked' if row.is_leaked else ''}</td><td>{line(row.opened)}</td></tr>"
        for row in table.rows
    )
    opened = "opened at" if any(row.opened for row in table.rows) else ""
    head = f"<tr><th>fd</th><th>access</th><th>object</th><th></th><th>{opened}</th></tr>"
    caption = f"<figcaption>{line(table.who)}, {line(table.when)}</figcaption>"
    return f'<figure class="drawing">{caption}<table class="fds">{head}{rows}</table></figure>'


def _figure(caption: str, label: str, width: int, height: int, parts: Sequence[str]) -> str:
    return (
        f'<figure class="drawing"><figcaption>{caption}</figcaption><svg viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" aria-label="{label}">{"".join(parts)}</svg></figure>'
    )


def _seconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def _cut(text: str, characters: int) -> str:
    return text if len(text) <= characters else f"{text[: characters - 1]}…"
