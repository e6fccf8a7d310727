"""The dashboards of the chart, and what they ask."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from support.chart_values import SEGUE

DASHBOARDS: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text("utf-8")) for path in (SEGUE / "files" / "dashboards").glob("*.json")
}


def panels(name: str) -> Iterator[dict[str, Any]]:
    """Panels of a dashboard, without its rows."""
    yield from (panel for panel in DASHBOARDS[name]["panels"] if panel["type"] != "row")


def queries(name: str) -> Iterator[tuple[str, str]]:
    """Title and expression of every query of a dashboard."""
    for panel in panels(name):
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
