"""Draw docs/pictures/flow.svg from flow.yaml: boxes on a grid, straight arrows between them.

The same source gives the same bytes on every machine. With ``--check``, only say whether the picture is up to date.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

import yaml

SOURCE = Path(__file__).resolve().parents[1] / "pictures" / "flow.yaml"
WIDTH, HEIGHT = 134, 58
GAP, DROP = 72, 50
MARGIN = 12
HEAD = 5
"""Distance of an arrow's end from the box that it points to, so that its head does not touch."""

STYLE = """\
.box { stroke-width: 1.5 }
.resource { fill: #eef2ff; stroke: #4f5fb5 }
.program { fill: #e6f6f1; stroke: #0f766e }
.data { fill: #fff7e6; stroke: #b45309 }
text { font-family: system-ui, sans-serif; text-anchor: middle; fill: #1f2937 }
.label { font-size: 15px; font-weight: 600 }
.note, .arrow { font-size: 12px; fill: #4b5563 }
line { stroke: #6b7280; stroke-width: 1.5; marker-end: url(#head) }
#head path { fill: #6b7280 }
@media (prefers-color-scheme: dark) {
  .resource { fill: #262c4d; stroke: #a5b0f0 }
  .program { fill: #12352f; stroke: #5eead4 }
  .data { fill: #3b2a10; stroke: #fbbf24 }
  text { fill: #f3f4f6 }
  .note, .arrow { fill: #d1d5db }
  line { stroke: #9ca3af }
  #head path { fill: #9ca3af }
}"""

Box = Mapping[str, Any]


def draw(text: str) -> str:
    """SVG of a picture's source."""
    picture = yaml.safe_load(text)
    boxes = {box["id"]: box for box in picture["boxes"]}
    columns, rows = (1 + max(box["place"][axis] for box in boxes.values()) for axis in (0, 1))
    width = 2 * MARGIN + columns * WIDTH + (columns - 1) * GAP
    height = 2 * MARGIN + rows * HEIGHT + (rows - 1) * DROP
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        f"<title>{escape(picture['title'])}</title>",
        f"<desc>{escape(picture['description'])}</desc>",
        f"<style>\n{STYLE}\n</style>",
        (
            '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" '
            'markerWidth="6" markerHeight="6" orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>'
        ),
    ]
    for arrow in picture["arrows"]:
        lines += _arrow(arrow, boxes[arrow["from"]], boxes[arrow["to"]])
    for box in boxes.values():
        lines += _box(box)
    return "\n".join([*lines, "</svg>"]) + "\n"


def _corner(box: Box) -> tuple[int, int]:
    column, row = box["place"]
    return MARGIN + column * (WIDTH + GAP), MARGIN + row * (HEIGHT + DROP)


def _box(box: Box) -> Iterator[str]:
    x, y = _corner(box)
    radius = HEIGHT // 2 if box["look"] == "data" else 8
    yield f'<rect class="box {box["look"]}" x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="{radius}"/>'
    yield f'<text class="label" x="{x + WIDTH // 2}" y="{y + 25}">{escape(box["label"])}</text>'
    yield f'<text class="note" x="{x + WIDTH // 2}" y="{y + 43}">{escape(box["note"])}</text>'


def _arrow(arrow: Box, start: Box, end: Box) -> Iterator[str]:
    (x1, y1), (x2, y2) = _ends(start, end, arrow.get("shift", 0))
    yield f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'
    for key, offset in (("label", -7), ("second", 17)):
        if key in arrow:
            yield f'<text class="arrow" x="{(x1 + x2) // 2}" y="{(y1 + y2) // 2 + offset}">{escape(arrow[key])}</text>'


def _ends(start: Box, end: Box, shift: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """From the middle of one side to the middle of another; a slanting arrow ends in a corner of its box."""
    (x1, y1), (x2, y2) = _corner(start), _corner(end)
    if y1 == y2:
        middle = y1 + HEIGHT // 2 + shift
        return ((x1 + WIDTH, middle), (x2 - HEAD, middle)) if x1 < x2 else ((x1, middle), (x2 + WIDTH + HEAD, middle))
    if x1 == x2:
        middle = x1 + WIDTH // 2 + shift
        return (middle, y1 + HEIGHT), (middle, y2 - HEAD)
    return (
        ((x1 + 14, y1 + HEIGHT), (x2 + WIDTH - 8, y2 - HEAD))
        if x2 < x1
        else ((x1 + WIDTH - 14, y1 + HEIGHT), (x2 + 8, y2 - HEAD))
    )


def main() -> int:
    """Write the picture or compare it; 1 when it is not up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    is_check = parser.parse_args().check
    svg, path = draw(SOURCE.read_text("utf-8")), SOURCE.with_suffix(".svg")
    if not is_check:
        path.write_text(svg, encoding="utf-8")
    elif not path.exists() or path.read_text("utf-8") != svg:
        sys.stderr.write(f"{path} is not up to date: run make generate\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
