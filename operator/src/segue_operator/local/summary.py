"""What became of resources, in tables that fit a screen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.console import Console
from rich.text import Text

from segue_operator.api.objects import Key, Kind, Manifest
from segue_operator.local.commandline import printable
from segue_operator.local.rejections import Rejection
from segue_operator.local.render import cell, duration, number, rows, table
from segue_operator.local.resources import at, condition, is_true, short_name

_MESSAGE_LENGTH = 120
MEASURES = {
    "precisionAt10": "same genre among 10 neighbours, other artists only",
    "chanceLevel": "the same by chance",
    "recallAt10": "exact neighbours found in the nearest clusters",
    "reachAt10": "share of tracks that are in somebody's 10",
    "hubnessSkew": "hubs: skew of how often a track is in a list",
    "stability": "agreement of two seeds (adjusted Rand index)",
    "clusterSizeMin": "smallest cluster, tracks",
    "clusterSizeMax": "largest cluster, tracks",
}
"""Measures of a model that people want to see, and what they are."""
_COUNTS = ("listed", "extracted", "skipped", "rejected", "stored")


@dataclass(frozen=True)
class Summary:
    """How to print the end of a run."""

    console: Console
    rejections: Sequence[Rejection]
    """Of all batches that are shown."""
    compared: Mapping[str, tuple[str, Mapping[str, float]]]
    """Model version -> the version to compare it with, and that one's measures."""

    def show(self, resources: Iterable[Manifest]) -> None:
        """Print every resource's end."""
        found = list(resources)
        batches = [resource for resource in found if resource["kind"] == Kind.TRACK_BATCH]
        if batches:
            self._show_batches(batches)
        for resource in found:
            if resource["kind"] == Kind.TRAINING_RUN and is_true(resource, "Succeeded"):
                self._show_run(resource)

    def _show_batches(self, batches: Sequence[Manifest]) -> None:
        headers = [name.upper() for name in _COUNTS]
        made = table("BATCH", *headers, "TIME", right=(*headers, "TIME"))
        lines = (
            [
                Key.of(batch).name,
                *(number(at(batch, "status", "tracks", name) or 0) for name in _COUNTS),
                took(batch),
            ]
            for batch in batches
        )
        self.console.print()
        self.console.print(rows(made, lines))
        for batch in batches:
            self._show_rejected(batch)

    def _show_rejected(self, batch: Manifest) -> None:
        counts = at(batch, "status", "rejectedByReason") or {}
        if not counts:
            return
        made = table("REJECTED", "TRACKS", "FOR EXAMPLE", "BECAUSE", right=("TRACKS",), wide=("BECAUSE",))
        for reason, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
            example = self._example(Key.of(batch).name, reason)
            path = (example.path or example.track_id) if example else ""
            message = _shortened(example.message) if example else ""
            made.add_row(cell(reason), cell(number(count)), cell(path), cell(message, "dim"))
        self.console.print()
        self.console.print(made)

    def _example(self, batch: str, reason: str) -> Rejection | None:
        return next((item for item in self.rejections if item.batch == batch and item.reason == reason), None)

    def _show_run(self, run: Manifest) -> None:
        model = at(run, "status", "model") or {}
        version = str(model.get("version"))
        excluded = f", {number(model['excluded'])} left out" if model.get("excluded") else ""
        self.console.print()
        self.console.print(
            Text.assemble(
                "model ", (printable(version), "bold"),
                f": {number(model.get('tracks', 0))} tracks in {model.get('k')} clusters{excluded}, ",
                f"trained in {took(run)}",
            ),
            soft_wrap=True,
        )  # fmt: skip
        decision = at(run, "status", "decision") or {}
        word = "active now" if decision.get("promoted") else "not made active"
        self.console.print(f"{word}: {printable(decision.get('reason', ''))}", soft_wrap=True)
        self._show_measures(version, model.get("metrics") or {})

    def _show_measures(self, version: str, metrics: Mapping[str, str]) -> None:
        other, before = self.compared.get(version, ("", {}))
        shown = {name: words for name, words in MEASURES.items() if name in metrics}
        if not shown:
            return
        columns = ("MEASURE", version.upper(), *((other.upper(),) if other else ()))
        made = table(*columns, right=columns[1:])
        for name, words in shown.items():
            values = [metrics[name], *([before.get(name)] if other else [])]
            made.add_row(cell(words), *(cell(_measure(name, value)) for value in values))
        self.console.print()
        self.console.print(made)


def _measure(name: str, value: str | float | None) -> str | None:
    """A measure in two decimals, a size as a whole number."""
    if value is None:
        return None
    try:
        return number(float(value)) if name.startswith("clusterSize") else f"{float(value):.2f}"
    except ValueError:
        return str(value)


def took(resource: Manifest) -> str:
    """Time from start to completion."""
    start, end = at(resource, "status", "startTime"), at(resource, "status", "completionTime")
    if not start or not end:
        return "-"
    return duration((datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds())


def failures(resources: Iterable[Manifest]) -> Iterator[str]:
    """A sentence for every resource that failed."""
    for resource in resources:
        failed = condition(resource, "Failed") or {}
        if failed.get("status") == "True":
            yield f"{short_name(Key.of(resource))} failed: {failed.get('reason')}: {failed.get('message')}"


def _shortened(text: str) -> str:
    line = text.partition("\n")[0]
    return line if len(line) <= _MESSAGE_LENGTH else f"{line[: _MESSAGE_LENGTH - 1]}…"
