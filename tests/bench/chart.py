"""A chart of ratios as SVG text: one line a figure, with its spread and its aim. Knows no file and no measurement."""

import math
from collections.abc import Sequence
from html import escape

from tests.bench.compared import Comparison

WIDTH, LINE, TOP, BOTTOM = 960, 30, 84, 44
LEFT, RIGHT = 330, 150
DECADES = (-2, -1, 0, 1)
"""The axis, in powers of ten."""
MET, MISSED, PLAIN, INK, GRID = "#1a7f37", "#b35900", "#57606a", "#1f2328", "#d0d7de"


def chart(title: str, comparisons: Sequence[Comparison]) -> str:
    """Draw ours over the rival's: a dot for the median, a line from least to greatest, a bracket for the aim."""
    height = TOP + LINE * len(comparisons) + BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        _text(16, 28, title, size=17),
        _text(16, 50, "The rival is 1. Dot: median of the rounds; line: least to greatest; triangle: what we aim at."),
        *_grid(height),
    ]
    for number, each in enumerate(comparisons):
        parts += _line(each, TOP + LINE * number + LINE / 2)
    return "\n".join([*parts, "</svg>", ""])


def _grid(height: int) -> list[str]:
    parts = []
    for decade in DECADES:
        x = _x(10.0**decade)
        width = 2 if decade == 0 else 1
        ends = f'x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" y2="{height - BOTTOM + 4}"'
        parts.append(f'<line {ends} stroke="{GRID}" stroke-width="{width}"/>')
        label = "the rival" if decade == 0 else f"{10.0**decade:g}"
        parts.append(_text(x, height - BOTTOM + 22, label, anchor="middle", fill=PLAIN))
    return parts


def _line(found: Comparison, y: float) -> list[str]:
    least, middle, greatest = (_x(each) for each in found.ratio)
    colour = PLAIN if found.aim is None else MET if found.aim.is_met(found.ratio.middle) else MISSED
    parts = [
        _text(LEFT - 14, y + 4, f"{found.name}, {found.unit}", anchor="end"),
        f'<line x1="{least:.1f}" y1="{y:.1f}" x2="{greatest:.1f}" y2="{y:.1f}" stroke="{colour}" stroke-width="3"/>',
        f'<circle cx="{middle:.1f}" cy="{y:.1f}" r="5" fill="{colour}"/>',
        _text(WIDTH - RIGHT + 14, y + 4, f"{found.ratio.middle:.2f}   {found.verdict}", fill=colour),
    ]
    if found.aim is not None:
        x, side = _x(found.aim.bound), 6 if found.aim.is_least else -6
        points = f"{x:.1f},{y - 8:.1f} {x + side:.1f},{y:.1f} {x:.1f},{y + 8:.1f}"
        parts.append(f'<polygon points="{points}" fill="none" stroke="{INK}"/>')
    return parts


def _x(ratio: float) -> float:
    """A place on the axis; what lies outside stands at its end."""
    first, last = DECADES[0], DECADES[-1]
    decade = min(max(math.log10(ratio) if ratio > 0 else first, first), last)
    return LEFT + (WIDTH - LEFT - RIGHT) * (decade - first) / (last - first)


def _text(x: float, y: float, text: str, *, anchor: str = "start", size: int = 13, fill: str = INK) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{fill}">{escape(text)}</text>'
    )
