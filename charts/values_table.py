#!/usr/bin/env python3
"""Write the tables of values in the charts' READMEs from the ``# --`` comments in their values.yaml.

With ``--check``, only say whether they are up to date. A value without a description is an error.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

CHARTS = Path(__file__).resolve().parent
BEGIN, END = "<!-- values: begin -->", "<!-- values: end -->"
MARK = "# -- "


class UndescribedValueError(ValueError):
    """A value has no comment; the message names it."""


def rows(text: str) -> Iterator[tuple[str, str, str]]:
    """Path, default and description of every value, in the order of the file.

    Raises
    ------
    UndescribedValueError
        A value has no description, nor has anything above it.
    """
    node = yaml.compose(text)
    if isinstance(node, yaml.MappingNode):
        yield from _rows(node, (), text.splitlines())


def _rows(node: yaml.MappingNode, path: tuple[str, ...], lines: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    for key, value in node.value:
        here = (*path, key.value)
        above = lines[key.start_mark.line - 1].strip() if key.start_mark.line else ""
        if above.startswith(MARK):
            default = json.dumps(yaml.SafeLoader("").construct_object(value, deep=True), separators=(", ", ": "))
            yield ".".join(here), default, above.removeprefix(MARK)
        elif isinstance(value, yaml.MappingNode) and value.value:
            yield from _rows(value, here, lines)
        else:
            raise UndescribedValueError(f"{'.'.join(here)} has no description: put a line '{MARK}…' above it")


def table(text: str) -> str:
    """Markdown table of a values file."""
    lines = ["| value | default | what it is |", "|---|---|---|"]
    for path, default, description in rows(text):
        cells = (f"`{path}`", f"`{default}`", description)
        lines.append("| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |")
    return "\n".join(lines)


def readme(chart: Path) -> str:
    """A chart's README with its table as it should be."""
    text = (chart / "README.md").read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    values = (chart / "values.yaml").read_text(encoding="utf-8")
    return f"{before}{BEGIN}\n{table(values)}\n{END}{after}"


def main() -> int:
    """Write or compare; 1 when a README is not up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    is_check = parser.parse_args().check
    stale = 0
    for chart in sorted(path.parent for path in CHARTS.glob("*/Chart.yaml")):
        path, text = chart / "README.md", readme(chart)
        if path.read_text(encoding="utf-8") == text:
            continue
        stale += 1
        if is_check:
            sys.stderr.write(f"{path} is not up to date: run python charts/values_table.py\n")
        else:
            path.write_text(text, encoding="utf-8")
    return 1 if is_check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
