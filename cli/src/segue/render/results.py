"""Results of finished resources, in tables that fit a screen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from segue.commandline import printable
from segue.render.listing import Kind as Column
from segue.render.listing import Listing
from segue.render.resources import at, is_true, short_name
from segue.render.tables import cell, duration, number, rows, shorten, table
from segue_core.contract import ALTERNATIVE
from segue_core.contract.measures import MEASURES
from segue_core.contract.times import parse_timestamp
from segue_core.store.rejections import Rejection
from segue_operator.kinds.conditions import condition_of
from segue_operator.kinds.constants import TrainingRunCondition
from segue_operator.kinds.objects import Key, Kind, Manifest
from segue_operator.kinds.trackbatch import TrackCounts

_MESSAGE_LENGTH = 120
_COUNTS = ("listed", "extracted", "skipped", "rejected", "stored")


@dataclass(frozen=True)
class Summary:
    """Prints the results of finished resources."""

    console: Console
    rejections: Sequence[Rejection]
    """Of all batches that are shown."""
    compared: Mapping[str, tuple[str, Mapping[str, float]]]
    """Model version -> the version to compare it with, and that one's measures."""

    def show(self, resources: Iterable[Manifest]) -> None:
        """Print the result of every resource."""
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
            self._show_movements(batch)
        for batch in batches:
            whose = f"{Key.of(batch).name}: " if len(batches) > 1 else ""
            self._show_rejected(batch, whose)
            self._show_left_out(batch, whose)

    def _show_movements(self, batch: Manifest) -> None:
        counts = TrackCounts.model_validate(at(batch, "status", "tracks") or {})
        if counts.movements:
            self.console.print(f"{Key.of(batch).name}: {number(counts.listed)} listed: {counts.movements}")

    def _show_rejected(self, batch: Manifest, whose: str) -> None:
        counts = at(batch, "status", "rejectedByReason") or {}
        if not counts:
            return
        columns = (
            (f"{whose}REJECTED", Column.SHORT), ("TRACKS", Column.NUMBER), ("FOR EXAMPLE", Column.PATH),
            ("BECAUSE", Column.PROSE),
        )  # fmt: skip
        self.console.print()
        Listing(columns, self._rejected(Key.of(batch).name, counts)).print(self.console)

    def _rejected(self, batch: str, counts: Mapping[str, int]) -> Iterator[Sequence[object]]:
        for reason, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
            example = self._example(batch, reason)
            path = (example.path or example.track_id) if example else ""
            message = shorten(example.message, _MESSAGE_LENGTH) if example else ""
            yield reason, number(count), path, cell(message, "dim")

    def _show_left_out(self, batch: Manifest, whose: str) -> None:
        """Files that are no tracks of their own: other files of stored tracks, and what is nobody's music."""
        if count := at(batch, "status", "tracks", "alternatives"):
            catalogue = printable(str(at(batch, "spec", "catalogue")))
            hint = f"segue rejected --catalogue {catalogue} --reason {ALTERNATIVE}"
            files = "file of a stored track was" if count == 1 else "files of stored tracks were"
            self.console.print(f"{whose}{number(count)} other {files} not taken: {hint}", soft_wrap=True)
        if counts := at(batch, "status", "passedOver"):
            kinds = ", ".join(f"{number(count)} {printable(kind)}" for kind, count in sorted(counts.items()))
            links = ", ".join(map(printable, at(batch, "status", "linksPassedOver") or ()))
            self.console.print(f"{whose}passed over: {kinds}" + (f" (links: {links})" if links else ""), soft_wrap=True)

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
        recommended = condition_of(run, TrainingRunCondition.RETRAIN_RECOMMENDED)
        if recommended.get("message"):
            self.console.print(f"since then: {printable(str(recommended['message']))}", soft_wrap=True)
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
            made.add_row(cell(words), *(cell(measure(name, value)) for value in values))
        self.console.print()
        self.console.print(made)


def measure(name: str, value: str | float | None) -> str | None:
    """A measure in two decimals, a size as a whole number."""
    if value is None:
        return None
    try:
        return number(float(value)) if name.startswith("clusterSize") else f"{float(value):.2f}"
    except ValueError:
        return str(value)


def took(resource: Manifest) -> str:
    """Time from start to completion; unknown if the clock was set back in between."""
    start, end = at(resource, "status", "startTime"), at(resource, "status", "completionTime")
    if not start or not end:
        return "-"
    seconds = (parse_timestamp(end) - parse_timestamp(start)).total_seconds()
    return duration(seconds) if seconds >= 0 else "-"


def failures(resources: Iterable[Manifest]) -> Iterator[tuple[Manifest, str]]:
    """Every resource that failed, with a sentence that says why."""
    for resource in resources:
        failed = condition_of(resource, "Failed")
        if failed.get("status") == "True":
            yield resource, f"{short_name(Key.of(resource))} failed: {failed.get('reason')}: {failed.get('message')}"
