"""Which resources an event wakes."""

from __future__ import annotations

from collections.abc import Iterator

from segue_operator.api.constants import Label
from segue_operator.api.objects import API_VERSIONS, Key, Kind, Manifest
from segue_operator.controller.cluster import WatchEvent

RESOURCE_KINDS = frozenset({Kind.TRACK_BATCH, Kind.TRAINING_RUN})
_POD_LABELS = {Kind.TRACK_BATCH: Label.TRACK_BATCH, Kind.TRAINING_RUN: Label.TRAINING_RUN}


class Wakeups:
    """Knows the resources that were seen, and turns an event into the keys of those to look at."""

    def __init__(self) -> None:
        self._batches: dict[Key, frozenset[str]] = {}

    @property
    def resources(self) -> tuple[Key, ...]:
        """Every resource that exists, as far as the watches told."""
        return tuple(self._batches)

    def of(self, event: WatchEvent) -> Iterator[Key]:
        """Keys of the resources that the event may concern."""
        key = Key.of(event.object)
        if key.kind not in RESOURCE_KINDS:
            yield from _parents(event.object, key)
            return
        if event.type == "DELETED":
            self._batches.pop(key, None)
        else:
            self._batches[key] = _named_batches(event.object)
        yield key
        if key.kind is Kind.TRACK_BATCH:
            yield from self._runs_on(key)

    def _runs_on(self, batch: Key) -> Iterator[Key]:
        for run, batches in self._batches.items():
            if run.kind is Kind.TRAINING_RUN and run.namespace == batch.namespace and batch.name in batches:
                yield run


def _named_batches(resource: Manifest) -> frozenset[str]:
    batches = resource.get("spec", {}).get("batches") or ()
    return frozenset(name for name in batches if isinstance(name, str))


def _parents(child: Manifest, key: Key) -> Iterator[Key]:
    metadata = child["metadata"]
    for reference in metadata.get("ownerReferences", ()):
        for kind in RESOURCE_KINDS:
            if reference.get("kind") == kind and reference.get("apiVersion") == API_VERSIONS[kind]:
                yield Key(kind, key.namespace, reference["name"])
    if key.kind is Kind.POD:
        labels = metadata.get("labels") or {}
        for kind, label in _POD_LABELS.items():
            if label in labels:
                yield Key(kind, key.namespace, labels[label])
