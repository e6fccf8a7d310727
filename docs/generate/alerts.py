"""Reference of the alerts, from the chart's rules."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

RULES = "charts/segue/files/alerts.yaml"


def page(root: Path) -> str:
    """Markdown page of all alerts, each with a link to its runbook."""
    groups = yaml.safe_load((root / RULES).read_text("utf-8"))["groups"]
    parts = ["# Alerts", "Generated from the rules that the chart `segue` installs."]
    for group in groups:
        parts.append(f"## {group['name'].removeprefix('segue.').capitalize()}")
        for rule in group["rules"]:
            parts += _alert(rule)
    return "\n\n".join(parts) + "\n"


def _alert(rule: dict[str, Any]) -> list[str]:
    name, annotations = rule["alert"], rule["annotations"]
    lasting = f", after {rule['for']}" if "for" in rule else ""
    return [
        f"### {name}",
        (
            f"**{rule['labels']['severity'].capitalize()}**{lasting}. {_plain(annotations['summary'])} "
            f"{_plain(annotations['description'])} [Runbook](../runbooks.md#{name.lower()})"
        ),
        f"```promql\n{rule['expr'].strip()}\n```",
    ]


def _plain(text: str) -> str:
    """Prometheus' placeholders as a reader's: `{{ $labels.kind }}` is `<kind>`."""
    return re.sub(r"\{\{ \$(?:labels\.)?(\w+)[^}]*\}\}", r"`<\1>`", text)
