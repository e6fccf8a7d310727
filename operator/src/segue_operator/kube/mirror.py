"""A mirror of the cluster: every object that the controller may ask for, without a request to the server.

An object's ``resourceVersion`` decides what is newer, whether it comes from a watch, an audit, or the answer to our own
write. So a pass never sees the state before its own writes.

Objects are kept as JSON, in less than half the memory of their dicts, and parsed for each reader.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Self

from segue_operator.controller.cluster import WatchEvent
from segue_operator.kinds.constants import Label
from segue_operator.kinds.objects import PARENT_LABELS, Key, Kind, Manifest

Change = Callable[[Manifest | None, Manifest | None], None]
"""Receives an object before and after a change; None where it does not exist."""

_INDEXED = (*map(str, PARENT_LABELS.values()), str(Label.APP_INSTANCE))
_Index = tuple[Kind, str, str, str]


def version(manifest: Manifest) -> int:
    """An object's resource version as a number; 0 if it has none."""
    text = str(manifest["metadata"].get("resourceVersion", ""))
    return int(text) if text.isdecimal() else 0


@dataclass(frozen=True, slots=True)
class _Kept:
    """An object as the mirror keeps it."""

    number: int
    """Its resource version."""
    text: str

    @classmethod
    def of(cls, manifest: Manifest) -> Self:
        return cls(version(manifest), json.dumps(manifest, separators=(",", ":")))

    def manifest(self) -> Manifest:
        made: Manifest = json.loads(self.text)
        return made


class Mirror:
    """The known objects of the served kinds."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._objects: dict[Kind, dict[Key, _Kept]] = {kind: {} for kind in Kind}
        self._indexed: defaultdict[_Index, dict[Key, None]] = defaultdict(dict)
        self._tombstones: dict[Key, int] = {}
        self._served: set[Kind] = set()
        self._current: dict[Kind, float] = {}
        self._subscribers: list[Callable[[WatchEvent], None]] = []
        self._observers: list[Change] = []

    # ------------------------------------------------------------------------------------------------------- reading

    def get(self, key: Key) -> Manifest | None:
        """One object."""
        known = self._objects[key.kind].get(key)
        return None if known is None else known.manifest()

    def version_of(self, key: Key) -> int | None:
        """Resource version of an object; None if it is not known."""
        known = self._objects[key.kind].get(key)
        return None if known is None else known.number

    def select(
        self, kind: Kind, namespace: str | None = None, labels: Mapping[str, str] | None = None
    ) -> list[Manifest]:
        """Objects of a kind that carry the labels; an index finds those of one resource, or of one sink."""
        wanted = labels or {}
        keys = self._candidates(kind, namespace, wanted)
        found = self._each(key for key in keys if namespace in (None, key.namespace))
        return [one for one in found if wanted.items() <= (one["metadata"].get("labels") or {}).items()]

    def each(self, kind: Kind) -> Iterator[Manifest]:
        """All objects of a kind, parsed one at a time; the mirror may change meanwhile."""
        return self._each(self.keys(kind))

    def _each(self, keys: Iterable[Key]) -> Iterator[Manifest]:
        for key in keys:
            found = self.get(key)
            if found is not None:
                yield found

    def _candidates(self, kind: Kind, namespace: str | None, labels: Mapping[str, str]) -> Iterable[Key]:
        for name in _INDEXED:
            if namespace is not None and name in labels:
                return self._indexed.get((kind, namespace, name, labels[name]), {})
        return self._objects[kind]

    def keys(self, kind: Kind) -> tuple[Key, ...]:
        """Keys of all objects of a kind."""
        return tuple(self._objects[kind])

    def serves(self, kind: Kind) -> bool:
        """Whether the API server serves the kind."""
        return kind in self._served

    def ages(self) -> dict[Kind, float]:
        """Seconds since a watch or an audit last confirmed each kind."""
        now = self._clock()
        return {kind: now - since for kind, since in self._current.items()}

    # ------------------------------------------------------------------------------------------------------ writing

    def accept(self, type_: Literal["ADDED", "MODIFIED", "DELETED"] | None, manifest: Manifest) -> bool:
        """Take over an object if it is newer; returns whether it was."""
        key, number = Key.of(manifest), version(manifest)
        self.confirm(key.kind)
        known = self._objects[key.kind].get(key)
        if known is not None and known.number > number:
            return False
        if type_ == "DELETED":
            self._tombstones[key] = max(number, self._tombstones.get(key, -1))
            return self._remove(key)
        if self._tombstones.get(key, -1) >= number or (known is not None and known.number == number):
            return False
        self._tombstones.pop(key, None)
        self._store(key, known, manifest)
        return True

    def is_news(self, key: Key, number: int) -> bool:
        """Whether an object of this version would be newer."""
        known = self._objects[key.kind].get(key)
        return self._tombstones.get(key, -1) < number and (known is None or known.number < number)

    def forget(self, key: Key) -> bool:
        """Drop an object that no longer exists; returns whether it was known."""
        return self._remove(key)

    def confirm(self, kind: Kind) -> None:
        """Note that the known objects of a kind are current."""
        self._current[kind] = self._clock()

    def reap(self, kind: Kind, up_to: int) -> None:
        """Drop the tombstones that every later list knows of."""
        for key in [key for key, number in self._tombstones.items() if key.kind is kind and number <= up_to]:
            del self._tombstones[key]

    def set_served(self, kind: Kind, *, is_served: bool) -> None:
        """Record whether a kind is served; if it is not, its objects are dropped."""
        if is_served:
            self._served.add(kind)
            return
        self._served.discard(kind)
        self._current.pop(kind, None)
        for key in self.keys(kind):
            self._remove(key)

    def _store(self, key: Key, known: _Kept | None, manifest: Manifest) -> None:
        before = None if known is None else known.manifest()
        if before is not None:
            self._unindex(key, before)
        self._objects[key.kind][key] = _Kept.of(manifest)
        for index in _indexes(key, manifest):
            self._indexed[index][key] = None
        self._tell(before, manifest, WatchEvent("ADDED" if before is None else "MODIFIED", manifest))

    def _remove(self, key: Key) -> bool:
        known = self._objects[key.kind].pop(key, None)
        if known is None:
            return False
        before = known.manifest()
        self._unindex(key, before)
        self._tell(before, None, WatchEvent("DELETED", before))
        return True

    def _unindex(self, key: Key, manifest: Manifest) -> None:
        for index in _indexes(key, manifest):
            entries = self._indexed.get(index, {})
            entries.pop(key, None)
            if not entries:
                self._indexed.pop(index, None)

    # ---------------------------------------------------------------------------------------------------- subscribing

    def subscribe(self, subscriber: Callable[[WatchEvent], None]) -> Callable[[], None]:
        """Call the subscriber for every change from now on; returns the function to unsubscribe."""
        self._subscribers.append(subscriber)
        return lambda: self._subscribers.remove(subscriber)

    def observe(self, observer: Change) -> None:
        """Call the observer for every change, with the object before it."""
        self._observers.append(observer)

    def _tell(self, before: Manifest | None, after: Manifest | None, event: WatchEvent) -> None:
        for observer in self._observers:
            observer(before, after)
        for subscriber in tuple(self._subscribers):
            subscriber(event)


def _indexes(key: Key, manifest: Manifest) -> Iterator[_Index]:
    labels = manifest["metadata"].get("labels") or {}
    for name in _INDEXED:
        if name in labels:
            yield key.kind, key.namespace, name, labels[name]
