"""The report's one style sheet: calm, readable in light and dark, and on paper."""

# ruff: noqa: E501
# A rule of a style sheet reads best on one line.

CSS = """
:root {
  color-scheme: light dark;
  --paper: #ffffff; --panel: #f6f7f9; --line: #dde1e7; --ink: #1c2430; --soft: #5b6675; --grid: #e8ebef;
  --truth: #b3541e; --truth-fill: #b3541e33; --finding: #1f5fa8; --finding-fill: #1f5fa82b; --trace: #3d4a5c;
  --pass: #1d7a46; --inconc: #8a6100; --fail: #b3261e; --error: #7a3fb0; --none: #5b6675;
  --pass-bg: #e4f4ea; --inconc-bg: #fbf1d9; --fail-bg: #fbe7e5; --error-bg: #f1e8fa; --none-bg: #eceef1;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14181e; --panel: #1b2129; --line: #303946; --ink: #e4e8ee; --soft: #9aa6b5; --grid: #262e38;
    --truth: #f0955c; --truth-fill: #f0955c38; --finding: #73b0f4; --finding-fill: #73b0f42e; --trace: #b8c4d3;
    --pass: #6fd39a; --inconc: #e6bd5c; --fail: #ff8a80; --error: #c9a0f0; --none: #9aa6b5;
    --pass-bg: #16301f; --inconc-bg: #352b12; --fail-bg: #3b1b19; --error-bg: #2c1f3a; --none-bg: #262e38;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2.2rem 1.6rem 4rem; max-width: 68rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif;
  overflow-wrap: anywhere;
}
h1 { font-size: 1.55rem; line-height: 1.25; margin: 0 0 .2rem; }
h2 { font-size: 1.2rem; margin: 0; }
h3 {
  font-size: .8rem; margin: 1.7rem 0 .5rem; color: var(--soft); font-weight: 600;
  letter-spacing: .05em; text-transform: uppercase;
}
p { margin: .3rem 0; }
a { color: var(--finding); text-decoration: none; }
a:hover { text-decoration: underline; }
code { font: .88em ui-monospace, "DejaVu Sans Mono", monospace; }
.soft { color: var(--soft); }
.head { display: flex; gap: 1rem; align-items: flex-start; justify-content: space-between; }
.badge {
  display: inline-block; white-space: nowrap; border-radius: .35rem; padding: .08rem .55rem; font-weight: 650;
  font-size: .86rem; border: 1px solid currentColor;
}
.badge.big { font-size: 1.15rem; padding: .3rem .9rem; }
.v-pass { color: var(--pass); background: var(--pass-bg); }
.v-inconc { color: var(--inconc); background: var(--inconc-bg); }
.v-fail { color: var(--fail); background: var(--fail-bg); }
.v-error { color: var(--error); background: var(--error-bg); }
.v-none { color: var(--none); background: var(--none-bg); }
section { margin-top: 2.4rem; padding-top: 1.5rem; border-top: 2px solid var(--line); }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th {
  text-align: left; font-weight: 600; color: var(--soft); font-size: .8rem;
  border-bottom: 1px solid var(--line); padding: .3rem .7rem .3rem 0; vertical-align: bottom;
}
td { border-bottom: 1px solid var(--grid); padding: .38rem .7rem .38rem 0; vertical-align: top; }
td.title { width: 52%; } td.why { width: 24%; font-size: .86rem; color: var(--soft); overflow-wrap: anywhere; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.w { white-space: nowrap; }
ul.reasons { list-style: none; margin: .7rem 0 0; padding: 0; }
ul.reasons li { padding: .2rem 0 .2rem .8rem; border-left: 3px solid var(--line); margin: .25rem 0; }
ul.reasons li.r-fail { border-color: var(--fail); } ul.reasons li.r-error { border-color: var(--error); }
ul.reasons li.r-inconc { border-color: var(--inconc); } ul.reasons li.r-pass { border-color: var(--pass); }
ul.reasons b { font-size: .8rem; margin-right: .4rem; }
dl.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: .5rem 1.4rem; margin: .6rem 0; }
dl.facts dt { color: var(--soft); font-size: .78rem; }
dl.facts dd { margin: 0; font-variant-numeric: tabular-nums; }
.grid2 { display: grid; grid-template-columns: repeat(auto-fit, minmax(24rem, 1fr)); gap: .8rem 1.2rem; }
figure { margin: 0; background: var(--panel); border: 1px solid var(--line); border-radius: .5rem; padding: .7rem .8rem .4rem; }
figcaption { font-size: .86rem; display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem; margin-bottom: .15rem; }
figcaption code { line-height: 1.6; }
svg { display: block; width: 100%; height: auto; }
svg text { font: 11px system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif; fill: var(--soft); }
svg text.name { fill: var(--ink); } svg text.t-truth { fill: var(--truth); } svg text.t-find { fill: var(--finding); }
svg text.t-bad { fill: var(--fail); }
.gridline { stroke: var(--grid); stroke-width: 1; } .axis { stroke: var(--line); stroke-width: 1; }
.trace { fill: none; stroke: var(--trace); stroke-width: 1.25; stroke-linejoin: round; }
.truth { stroke: var(--truth); stroke-width: 1.6; } .truth-area { fill: var(--truth-fill); stroke: var(--truth); stroke-width: 1.2; }
.find { stroke: var(--finding); stroke-width: 1.6; stroke-dasharray: 5 3; }
.find-bar { fill: var(--finding-fill); stroke: var(--finding); stroke-width: 1.2; }
.bad-bar { fill: var(--fail-bg); stroke: var(--fail); stroke-width: 1.2; stroke-dasharray: 4 2; }
.delay { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 2 3; fill: none; }
.mark { stroke: var(--truth); stroke-width: 1; stroke-dasharray: 3 3; }
.key { display: flex; gap: 1.3rem; flex-wrap: wrap; font-size: .82rem; color: var(--soft); margin: .4rem 0; }
.key svg { display: inline-block; width: 26px; height: 10px; vertical-align: middle; margin-right: .35rem; }
details { margin-top: .9rem; } summary { cursor: pointer; color: var(--soft); font-size: .88rem; }
pre { font: .8rem/1.45 ui-monospace, "DejaVu Sans Mono", monospace; white-space: pre-wrap; background: var(--panel);
  border: 1px solid var(--line); border-radius: .4rem; padding: .7rem; margin: .5rem 0; }
@media (max-width: 40rem) { .grid2 { grid-template-columns: 1fr; } .wide { overflow-x: auto; } }
@media print {
  :root {
    color-scheme: light; --paper: #fff; --panel: #fff; --line: #bbb; --ink: #000; --soft: #444; --grid: #ddd;
    --truth: #b3541e; --truth-fill: #b3541e33; --finding: #1f5fa8; --finding-fill: #1f5fa82b; --trace: #333;
    --pass: #1d7a46; --inconc: #8a6100; --fail: #b3261e; --error: #7a3fb0; --none: #444;
    --pass-bg: #fff; --inconc-bg: #fff; --fail-bg: #fff; --error-bg: #fff; --none-bg: #fff;
  }
  body { max-width: none; padding: 0; font-size: 10.5pt; }
  section { break-before: page; border-top: 0; padding-top: 0; }
  figure, table, li { break-inside: avoid; }
  details::details-content { content-visibility: visible; block-size: auto; }
}
"""
