"""The look of the HTML report: quiet, light and dark, on a phone and on paper."""

CSS = """\
:root {
  color-scheme: light dark;
  --page: #f6f6f4; --card: #ffffff; --ink: #1f2328; --soft: #5f6771; --rule: #dfe1e4; --code: #f3f4f5;
  --passed: #1f7a4a; --failed: #b3362b; --warning: #8a5a00; --hint: #2f5fa8;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #15181b; --card: #1d2125; --ink: #e4e6e8; --soft: #9aa3ac; --rule: #32383e; --code: #15181b;
    --passed: #5fbf8c; --failed: #ef8479; --warning: #d9a545; --hint: #8ab4f0;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2.5rem 1.25rem 3rem; max-width: 52rem; background: var(--page); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
}
h1, h2, h3, p, pre, dl, dd, ul { margin: 0; }
h1 { font-size: 1.6rem; line-height: 1.25; font-weight: 650; overflow-wrap: anywhere; }
h2 {
  margin: 2.25rem 0 .75rem; font-size: .8rem; font-weight: 600; letter-spacing: .07em; color: var(--soft);
  text-transform: uppercase;
}
h3 { flex: 1; font-size: 1rem; line-height: 1.5; font-weight: 600; overflow-wrap: anywhere; min-width: 0; }
p { overflow-wrap: anywhere; }
code, pre { font-family: var(--mono); font-size: .84rem; }
pre {
  padding: .7rem .9rem; line-height: 1.5; background: var(--code); border: 1px solid var(--rule);
  border-radius: 6px; overflow: auto; max-height: 32rem; tab-size: 8;
}
header { display: flex; flex-wrap: wrap; gap: .5rem 2rem; align-items: flex-end; }
header > div { flex: 1 1 18rem; min-width: 0; }
.about { color: var(--soft); overflow-wrap: anywhere; }
.score { font-size: 2.6rem; line-height: 1; font-weight: 650; font-variant-numeric: tabular-nums; }
.score small { font-size: 1.25rem; font-weight: 400; color: var(--soft); }
.bar { display: block; width: 100%; height: .7rem; margin-top: 1.4rem; border-radius: 3px; }
.bar rect { stroke: var(--page); stroke-width: 3; vector-effect: non-scaling-stroke; fill: var(--rule); }
.bar .passed { fill: var(--passed); } .bar .failed { fill: var(--failed); }
.tally { margin-top: .5rem; color: var(--soft); font-size: .9rem; }
.card { background: var(--card); border: 1px solid var(--rule); border-radius: 8px; }
.card + .card { margin-top: .75rem; }
.notice { margin-top: 1.5rem; padding: .8rem 1rem; border-left: 4px solid var(--failed); font-weight: 600; }
.check { padding: .8rem 1rem; border-left: 4px solid var(--rule); break-inside: auto; }
.check.passed { border-left-color: var(--passed); } .check.failed { border-left-color: var(--failed); }
.line { display: flex; gap: .7rem; align-items: baseline; break-after: avoid; }
.mark { flex: none; width: 1.1em; font-weight: 700; text-align: center; }
.passed .mark { color: var(--passed); } .failed .mark { color: var(--failed); }
.skipped .mark { color: var(--soft); }
.points, .time { flex: none; text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.time { width: 4.2rem; color: var(--soft); font-size: .88rem; }
.body { padding-left: 1.8rem; }
.body > * { margin-top: .7rem; }
.finding { padding-left: .9rem; border-left: 2px solid var(--rule); }
.finding > * + * { margin-top: .5rem; }
.kind { font-weight: 600; color: var(--warning); }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .25rem 1rem; font-size: .9rem; }
dt { color: var(--soft); }
dd { overflow-wrap: anywhere; }
dt.wide, dd.wide { grid-column: 1 / -1; }
dd pre { white-space: pre-wrap; overflow-wrap: anywhere; }
.hint { color: var(--hint); }
.hint b { font-weight: 600; }
.diagnostic { padding: .8rem 1rem; }
.diagnostic p code { display: inline-block; max-width: 100%; }
.diagnostic pre { margin-top: .5rem; }
.diagnostic .warning { color: var(--warning); font-weight: 600; }
.diagnostic .error { color: var(--failed); font-weight: 600; }
.caret { color: var(--warning); font-weight: 700; }
.soft { color: var(--soft); }
summary { cursor: pointer; color: var(--soft); font-size: .9rem; }
details pre { margin-top: .5rem; }
details.log { margin-top: .75rem; }
footer {
  margin-top: 2.5rem; padding-top: .9rem; border-top: 1px solid var(--rule);
  color: var(--soft); font-size: .82rem; overflow-wrap: anywhere;
}
@media (max-width: 34rem) {
  body { padding: 1.5rem .8rem 2rem; }
  .time { display: none; }
  .body { padding-left: 0; }
}
@media print {
  :root {
    --page: #fff; --card: #fff; --ink: #000; --soft: #444; --rule: #bbb; --code: #fff; --passed: #14532d;
    --failed: #8b1a10; --warning: #6b4500; --hint: #1d3f78;
  }
  body { padding: 0; max-width: none; font-size: 10.5pt; }
  pre { max-height: none; overflow: visible; white-space: pre-wrap; overflow-wrap: anywhere; }
  .bar, .mark { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""
