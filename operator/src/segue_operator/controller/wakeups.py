"""Which resources to look at after an event."""

from __future__ import annotations

from collections.abc import Iterator

from segue_operator.children.sink_deployment import is_sink_pod, sink_key
from segue_operator.controller.cluster import WatchEvent
from segue_operator.kinds.conditions import is_finished
from segue_operator.kinds.objects import API_VERSIONS, OWN_KINDS, PARENT_LABELS, Key, Kind, Manifest, catalogue_of
from segue_operator.reconcile.batch_queue import Turn, holds_place, turn, waits_for_place
from segue_operator.reconcile.sink_plan import wish_of


class Wakeups:
    """Keeps track of the resources, and turns an event into the keys of those it may concern, and of their sinks."""

    def __init__(self) -> None:
        self._batches: dict[Key, frozenset[str]] = {}
        self._catalogues: dict[Key, object] = {}
        """Catalogue of each run."""
        self._active: set[Key] = set()
        self._queue: dict[Key, Turn] = {}
        self._wishes: dict[Key, tuple[bool, int]] = {}
        """What each batch wants of its sink."""

    @property
    def resources(self) -> tuple[Key, ...]:
        """Every resource that the watches have reported, and the sinks of their namespaces."""
        return (*self._batches, *{sink_key(key.namespace) for key in self._batches})

    def of(self, event: WatchEvent) -> Iterator[Key]:
        """Keys of the resources and sinks that the event may concern."""
        key = Key.of(event.object)
        if key.kind not in OWN_KINDS:
            yield from _parents(event.object, key)
            yield from self._users_of_sink(event.object, key)
            return
        if event.type == "DELETED":
            self._batches.pop(key, None)
            self._catalogues.pop(key, None)
        else:
            self._batches[key] = _named_batches(event.object)
            if key.kind is Kind.TRAINING_RUN:
                self._catalogues[key] = catalogue_of(event.object)
        yield key
        if event.type == "DELETED" or is_finished(event.object):
            yield from self._runs_of_catalogue(key, event.object)
        if key.kind is Kind.TRACK_BATCH:
            yield from self._sink_of(key, event)
            yield from self._runs_on(key)
            yield from self._next_in_queue(key, event)

    def _sink_of(self, batch: Key, event: WatchEvent) -> Iterator[Key]:
        """The namespace's sink, when a batch wants something else of it than before."""
        before = self._wishes.pop(batch, None)
        wish = None if event.type == "DELETED" else wish_of(event.object)
        if wish is not None:
            self._wishes[batch] = wish
        if wish != before:
            yield sink_key(batch.namespace)

    def _users_of_sink(self, found: Manifest, key: Key) -> Iterator[Key]:
        """A namespace's sink and the batches at work there, after an event of its Deployment or of its pods."""
        sink = sink_key(key.namespace)
        if key == sink or (key.kind is Kind.POD and is_sink_pod(found)):
            yield sink
            yield from (batch for batch in self._active if batch.namespace == key.namespace)

    def _runs_on(self, batch: Key) -> Iterator[Key]:
        for run, batches in self._batches.items():
            if run.kind is Kind.TRAINING_RUN and run.namespace == batch.namespace and batch.name in batches:
                yield run

    def _runs_of_catalogue(self, key: Key, resource: Manifest) -> Iterator[Key]:
        """Runs that say what has changed in the catalogue of a batch or a run that has ended."""
        for run, catalogue in self._catalogues.items():
            if run != key and catalogue is not None and catalogue == catalogue_of(resource):
                yield run

    def _next_in_queue(self, key: Key, event: WatchEvent) -> Iterator[Key]:
        """The head of the queue, when a place may have become free.

        A batch that leaves the queue wakes the next one, so several places that become free at once are all taken.
        """
        gone = event.type == "DELETED"
        held, waited = key in self._active, key in self._queue
        holds, waits = (False, False) if gone else (holds_place(event.object), waits_for_place(event.object))
        self._active.discard(key)
        self._queue.pop(key, None)
        if holds:
            self._active.add(key)
        if waits:
            self._queue[key] = turn(event.object)
        if self._queue and ((held and not holds) or (waited and not waits)):
            head = min(self._queue, key=self._queue.__getitem__)
            if head != key:
                yield head


def _named_batches(resource: Manifest) -> frozenset[str]:
    batches = resource.get("spec", {}).get("batches") or ()
    return frozenset(name for name in batches if isinstance(name, str))


def _parents(child: Manifest, key: Key) -> Iterator[Key]:
    metadata = child["metadata"]
    for reference in metadata.get("ownerReferences", ()):
        for kind in OWN_KINDS:
            if reference.get("kind") == kind and reference.get("apiVersion") == API_VERSIONS[kind]:
                yield Key(kind, key.namespace, reference["name"])
    if key.kind is Kind.POD:
        labels = metadata.get("labels") or {}
        for kind, label in PARENT_LABELS.items():
            if label in labels:
                yield Key(kind, key.namespace, labels[label])
