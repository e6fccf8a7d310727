"""Versions of models as tables or JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console

from segue.commandline import printable
from segue.render.results import measure
from segue.render.tables import number, rows, table
from segue_core.contract.measures import MEASURES, Metric
from segue_core.store.model_versions import ModelSummary
from segue_core.store.models import CatalogueDocument, ModelDocument
from segue_core.store.records import to_document

_FOR_PROGRAMS = ("scaler", "centres", "moments", "snapshot", "layout")


@dataclass(frozen=True)
class VersionEntry:
    """A version, and what its catalogue's pointer says of it."""

    model: ModelSummary
    pointer: CatalogueDocument | None

    @property
    def is_active(self) -> bool:
        """Whether recommendations use it."""
        return self.pointer is not None and self.pointer.active_model == self.model.key

    @property
    def is_pinned(self) -> bool:
        """Whether training runs must leave it in place."""
        return self.is_active and self.pointer is not None and self.pointer.pinned

    @property
    def is_previous(self) -> bool:
        """Whether it was active before the active one."""
        return self.pointer is not None and self.pointer.previous_model == self.model.key

    @property
    def state(self) -> str:
        """In a word: ``yes`` is the active version."""
        if self.is_pinned:
            return "pinned"
        return "yes" if self.is_active else "previous" if self.is_previous else ""

    def to_document(self) -> dict[str, object]:
        """As JSON."""
        state = {"active": self.is_active, "pinned": self.is_pinned, "previous": self.is_previous}
        return {"name": self.model.key, **to_document(self.model), **state}


def print_versions(console: Console, entries: Iterable[VersionEntry]) -> None:
    """Print a line for every version."""
    lines = (
        [entry.model.key, entry.state, entry.model.k, entry.model.tracks, entry.model.run, entry.model.created]
        for entry in entries
    )
    console.print(rows(table("NAME", "ACTIVE", "K", "TRACKS", "RUN", "CREATED"), lines))


def version_document(model: ModelDocument, pointer: CatalogueDocument | None) -> dict[str, object]:
    """A version as JSON, without the arrays that only programs read."""
    document = {name: value for name, value in to_document(model).items() if name not in _FOR_PROGRAMS}
    families = [str(part.family) for part in model.layout]
    return {"name": model.key, **document, "families": families, "pointer": pointer_document(pointer)}


def pointer_document(pointer: CatalogueDocument | None) -> dict[str, object] | None:
    """A pointer as JSON; None if there is none."""
    return None if pointer is None else to_document(pointer)


def print_version(console: Console, model: ModelDocument, pointer: CatalogueDocument | None) -> None:
    """Print what people want to know about a version."""
    excluded = sum(model.excluded_by_reason.values())
    left_out = f", {number(excluded)} left out" if excluded else ""
    facts = {
        "name": model.key,
        "state": _state(model, pointer),
        "trained": f"{model.created} by TrainingRun {model.run}",
        "tracks": f"{number(model.tracks)} in {model.k} clusters{left_out}",
        "families": ", ".join(str(part.family) for part in model.layout),
        "recipe": model.recipe,
        "vectors": "its own" if model.vector_chunks else "none of its own: it needs tracks of the same recipe",
    }
    if model.ear is not None:
        facts["ear"] = "; ".join(filter(None, (model.ear.name, model.ear.licence, model.ear.trained_on)))
    width = max(map(len, facts)) + 2
    for name, text in facts.items():
        console.print(f"{name:<{width}}{printable(text)}", soft_wrap=True)
    shown = {name: words for name, words in MEASURES.items() if name in model.metrics}
    if shown:
        console.print()
        lines = ([words, measure(name, model.metrics[name])] for name, words in shown.items())
        console.print(rows(table("MEASURE", "VALUE", right=("VALUE",)), lines))
    _print_candidates(console, model)
    _print_clusters(console, model)


def _print_clusters(console: Console, model: ModelDocument) -> None:
    if not model.cluster_names:
        return
    numbers = model.cluster_numbers or tuple(range(model.k))
    found = sorted(zip(model.cluster_sizes, numbers, model.cluster_names, strict=True), reverse=True)
    console.print()
    made = table("CLUSTER", "TRACKS", "SOUNDS", right=("CLUSTER", "TRACKS"), wide=("SOUNDS",))
    console.print(rows(made, ([number_of, number(size), name] for size, number_of, name in found)))


def _print_candidates(console: Console, model: ModelDocument) -> None:
    """Every number of clusters that was tried, or why it was not."""
    if len(model.candidates) < 2:
        return
    shown = (Metric.RECALL, Metric.PRECISION, Metric.SMALLEST, Metric.LARGEST)
    headers = ("K", "RECALL", "PRECISION", "SMALLEST", "LARGEST")
    made = table(*headers, "", right=headers, wide=("",))
    for one in model.candidates:
        note = one.skipped or ("chosen" if one.k == model.k else "")
        values = (measure(name, one.metrics.get(name)) or "" for name in shown)
        made.add_row(str(one.k), *values, printable(note))
    console.print()
    console.print(made)


def _state(model: ModelDocument, pointer: CatalogueDocument | None) -> str:
    if pointer is None:
        return "not active; the catalogue has no active model"
    if pointer.active_model != model.key:
        before = ", and was so before it" if pointer.previous_model == model.key else ""
        return f"not active{before}; {pointer.active_model} is"
    state = "active and pinned" if pointer.pinned else "active"
    since = f", last changed {pointer.updated}"
    return f"{state}{since} by {pointer.by}: {pointer.reason}" if pointer.by else f"{state}{since}"
