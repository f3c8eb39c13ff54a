"""A stand-alone SVG file: its own colours, light and dark, nothing loaded from elsewhere."""

from __future__ import annotations

from hil.report.markup import Markup, tag

STYLE = """
svg { --paper: #ffffff; --panel: #f6f7f9; --line: #c3cad4; --ink: #1c2430; --soft: #5b6675; --grid: #e8ebef;
  --trace: #3d4a5c; --truth: #b3541e; --shaft: #3d4a5c; --pipe: #1f6fb8; --stream: #2a93a8; --gas: #4a9a62;
  --heat: #c0392b; --wire: #b98a00; --material: #8a5a2b; --control: #8a6fc0; --belt: #3d4a5c; --mount: #8a94a3; }
@media (prefers-color-scheme: dark) { svg { --paper: #14181e; --panel: #1b2129; --line: #4a5565; --ink: #e4e8ee;
  --soft: #9aa6b5; --grid: #262e38; --trace: #b8c4d3; --truth: #f0955c; --shaft: #b8c4d3; --pipe: #73b0f4;
  --stream: #6fcfe0; --gas: #6fd39a; --heat: #ff8a80; --wire: #e6bd5c; --material: #d3a273; --control: #c9a0f0;
  --belt: #b8c4d3; --mount: #7d899a; } }
text { font: 11px system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif; fill: var(--soft); }
text.name { fill: var(--ink); font-weight: 600; font-size: 12px; } text.head { fill: var(--ink); font-size: 13px; }
text.t-truth { fill: var(--truth); }
.paper { fill: var(--paper); } .box { fill: var(--panel); stroke: var(--line); }
.gridline { stroke: var(--grid); } .axis { stroke: var(--line); }
.trace { fill: none; stroke: var(--trace); stroke-width: 1.1; stroke-linejoin: round; }
.faulty .trace { stroke: var(--truth); } .truth, .mark { stroke: var(--truth); stroke-dasharray: 3 3; }
.edge { fill: none; stroke-width: 1.8; }
"""


def sheet(width: float, height: float, alt: str, *content: Markup) -> str:
    """Return the text of an SVG file of that size [px]; `alt` says what is in it."""
    body = tag(
        "svg",
        tag("title", alt),
        tag("style", Markup(STYLE)),
        tag("rect", class_="paper", x=0.0, y=0.0, width=width, height=height),
        *content,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width:g} {height:g}",
        width=width,
        height=height,
        role="img",
    )
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + str(body) + "\n"
