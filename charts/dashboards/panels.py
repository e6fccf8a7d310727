"""The parts of a Grafana dashboard: queries, panels, rows, variables, and how they are laid out.

Every function returns Grafana's JSON model (schema version 39, Grafana 10 and later). Positions are given by
`lay_out` alone, so that a panel can be moved by moving a line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
COLUMNS = 24
GREEN, YELLOW, RED, BLUE = "green", "yellow", "red", "blue"


@dataclass(frozen=True)
class Query:
    """A PromQL expression and the name of its series."""

    expression: str
    legend: str = ""
    is_instant: bool = False


def quantile(share: float, metric: str, *labels: str) -> str:
    """PromQL of a histogram's quantile in the selected namespaces, one series for each value of the labels."""
    by = ", ".join(("le", *labels))
    buckets = f'{metric}_bucket{{namespace=~"$namespace"}}'
    return f"histogram_quantile({share}, sum by ({by}) (rate({buckets}[$__rate_interval])))"


@dataclass(frozen=True)
class Panel:
    """A panel without its position: width and height in Grafana's grid of 24 columns."""

    model: Json
    width: int = 8
    height: int = 8


@dataclass(frozen=True)
class Row:
    """A heading and the panels below it, from left to right."""

    title: str
    panels: Sequence[Panel]


def thresholds(*steps: tuple[float, str]) -> Json:
    """Colours from given values upwards; green below the first."""
    return {
        "mode": "absolute",
        "steps": [{"color": GREEN, "value": None}, *({"color": color, "value": value} for value, color in steps)],
    }


def _targets(queries: Sequence[Query], *, as_table: bool = False) -> list[Json]:
    return [
        {
            "datasource": DATASOURCE,
            "editorMode": "code",
            "expr": query.expression,
            "legendFormat": query.legend or "__auto",
            "instant": query.is_instant or as_table,
            "range": not (query.is_instant or as_table),
            "format": "table" if as_table else "time_series",
            "refId": chr(ord("A") + number),
        }
        for number, query in enumerate(queries)
    ]


def _panel(kind: str, title: str, description: str, unit: str, queries: Sequence[Query]) -> Json:
    return {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": DATASOURCE,
        "targets": _targets(queries, as_table=kind == "table"),
        "fieldConfig": {"defaults": {"unit": unit, "thresholds": thresholds()}, "overrides": []},
    }


def stat(
    title: str,
    query: Query,
    *,
    unit: str = "short",
    description: str,
    steps: Sequence[tuple[float, str]] = (),
    mappings: Mapping[str, tuple[str, str]] | None = None,
    width: int = 4,
) -> Panel:
    """The current number, coloured by thresholds; ``mappings`` show values as coloured words."""
    model = _panel("stat", title, description, unit, [Query(query.expression, query.legend, is_instant=True)])
    defaults = model["fieldConfig"]["defaults"]
    defaults["thresholds"] = thresholds(*steps)
    if mappings:
        options = {value: {"text": text, "color": color} for value, (text, color) in mappings.items()}
        defaults["mappings"] = [{"type": "value", "options": options}]
    model["options"] = {
        "colorMode": "value",
        "graphMode": "none",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "textMode": "auto",
    }
    return Panel(model, width, 4)


def timeseries(
    title: str,
    *queries: Query,
    unit: str,
    description: str,
    steps: Sequence[tuple[float, str]] = (),
    is_stacked: bool = False,
    width: int = 8,
) -> Panel:
    """Lines over time; thresholds are drawn as lines."""
    model = _panel("timeseries", title, description, unit, queries)
    defaults = model["fieldConfig"]["defaults"]
    defaults["min"] = 0
    defaults["thresholds"] = thresholds(*steps)
    defaults["custom"] = {
        "drawStyle": "line",
        "fillOpacity": 25 if is_stacked else 8,
        "lineWidth": 1,
        "showPoints": "never",
        "stacking": {"mode": "normal" if is_stacked else "none"},
        "thresholdsStyle": {"mode": "dashed" if steps else "off"},
    }
    model["options"] = {
        "legend": {"displayMode": "table", "placement": "bottom", "calcs": ["lastNotNull", "max"], "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    return Panel(model, width)


def bars(title: str, query: Query, *, unit: str = "short", description: str, width: int = 8) -> Panel:
    """One bar for each series, with its current value."""
    model = _panel("bargauge", title, description, unit, [Query(query.expression, query.legend, is_instant=True)])
    model["fieldConfig"]["defaults"] |= {"color": {"mode": "palette-classic"}, "min": 0}
    model["options"] = {
        "displayMode": "basic",
        "orientation": "horizontal",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
    }
    return Panel(model, width)


def timeline(title: str, query: Query, *, description: str, width: int = 24) -> Panel:
    """When each series was 1."""
    model = _panel("state-timeline", title, description, "short", [query])
    model["fieldConfig"]["defaults"] |= {
        "custom": {"fillOpacity": 80, "lineWidth": 0},
        "mappings": [
            {
                "type": "value",
                "options": {"0": {"text": " ", "color": "transparent"}, "1": {"text": "at work", "color": BLUE}},
            }
        ],
    }
    model["options"] = {"mergeValues": True, "showValue": "never", "legend": {"showLegend": False}}
    return Panel(model, width)


def heatmap(title: str, expression: str, *, unit: str, description: str, width: int = 8) -> Panel:
    """Buckets of a histogram over time."""
    model = _panel("heatmap", title, description, unit, [Query(expression, "{{le}}")])
    model["targets"][0]["format"] = "heatmap"
    model["options"] = {
        "calculate": False,
        "yAxis": {"unit": unit},
        "color": {"mode": "scheme", "scheme": "Blues", "steps": 64},
        "cellGap": 1,
        "legend": {"show": True},
        "tooltip": {"mode": "single"},
    }
    return Panel(model, width)


def datasource_variable() -> Json:
    """Choice of the Prometheus data source."""
    return {
        "name": "datasource",
        "label": "Data source",
        "type": "datasource",
        "query": "prometheus",
        "current": {},
        "hide": 0,
        "refresh": 1,
    }


def label_variable(name: str, label: str, metric: str, source: str) -> Json:
    """Choice among the values of a metric's label; several, by default all."""
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": DATASOURCE,
        "query": {"query": f"label_values({metric}, {source})", "refId": name},
        "includeAll": True,
        "allValue": ".*",
        "multi": True,
        "current": {"text": "All", "value": "$__all"},
        "refresh": 2,
        "sort": 1,
    }


def text_variable(name: str, label: str, value: str) -> Json:
    """A text field."""
    return {"name": name, "label": label, "type": "textbox", "query": value, "current": {"text": value, "value": value}}


def lay_out(rows: Sequence[Row]) -> Iterator[Json]:
    """Rows and panels with positions: panels fill a line from the left, then the next."""
    top, number = 0, 1
    for row in rows:
        yield {
            "type": "row",
            "title": row.title,
            "collapsed": False,
            "id": number,
            "gridPos": {"x": 0, "y": top, "w": COLUMNS, "h": 1},
            "panels": [],
        }
        top, left, highest, number = top + 1, 0, 0, number + 1
        for panel in row.panels:
            if left + panel.width > COLUMNS:
                top, left, highest = top + highest, 0, 0
            place = {"x": left, "y": top, "w": panel.width, "h": panel.height}
            yield {"id": number, "gridPos": place, **panel.model}
            left, highest, number = left + panel.width, max(highest, panel.height), number + 1
        top += highest


def dashboard(uid: str, title: str, description: str, variables: Sequence[Json], rows: Sequence[Row]) -> Json:
    """A dashboard with links to the others."""
    return {
        "uid": uid,
        "title": title,
        "description": description,
        "tags": ["segue"],
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "timezone": "browser",
        "links": [
            {
                "title": "Segue",
                "type": "dashboards",
                "tags": ["segue"],
                "asDropdown": True,
                "includeVars": True,
                "keepTime": True,
            }
        ],
        "templating": {"list": [datasource_variable(), *variables]},
        "panels": list(lay_out(rows)),
    }
