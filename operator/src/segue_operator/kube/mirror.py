"""What the watches told: every object that the controller may ask for, by key, without a question to the server.

An object's ``resourceVersion`` decides what is newer, whoever brings it: a watch, an audit, or the answer to our own
write. So a pass never sees the world as it was before the pass's own writes.

Objects are kept as JSON, in less than half the memory that their dicts would take, and made anew for each who asks.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Self

from segue_operator.api.constants import Label
from segue_operator.api.objects import Key, Kind, Manifest
from segue_operator.controller.cluster import WatchEvent

Change = Callable[[Manifest | None, Manifest | None], None]
"""Told of an object before and after a change; None where it does not exist."""

_INDEXED = (str(Label.TRACK_BATCH), str(Label.TRAINING_RUN))
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
    """Objects of the served kinds, as far as is known."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._objects: dict[Kind, dict[Key, _Kept]] = {kind: {} for kind in Kind}
        self._indexed: defaultdict[_Index, dict[Key, None]] = defaultdict(dict)
        self._graves: dict[Key, int] = {}
        self._served: set[Kind] = set()
        self._current: dict[Kind, float] = {}
        self._subscribers: list[Callable[[WatchEvent], None]] = []
        self._observers: list[Change] = []

    # ------------------------------------------------------------------------------------------------------- asking

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
        """Objects of a kind that carry the labels; those of one resource are found without a search."""
        wanted = labels or {}
        keys = self._candidates(kind, namespace, wanted)
        found = self._each(key for key in keys if namespace in (None, key.namespace))
        return [one for one in found if wanted.items() <= (one["metadata"].get("labels") or {}).items()]

    def each(self, kind: Kind) -> Iterator[Manifest]:
        """All objects of a kind, of which only one is made at a time; the mirror may change meanwhile."""
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
        """Whether the API server knows the kind."""
        return kind in self._served

    def ages(self) -> dict[Kind, float]:
        """Seconds since a watch or an audit last spoke of each kind."""
        now = self._clock()
        return {kind: now - since for kind, since in self._current.items()}

    # ------------------------------------------------------------------------------------------------------ telling

    def accept(self, type_: Literal["ADDED", "MODIFIED", "DELETED"] | None, manifest: Manifest) -> bool:
        """Take an object over if it is news; whether it was."""
        key, number = Key.of(manifest), version(manifest)
        self.confirm(key.kind)
        known = self._objects[key.kind].get(key)
        if known is not None and known.number > number:
            return False
        if type_ == "DELETED":
            self._graves[key] = max(number, self._graves.get(key, -1))
            return self._remove(key)
        if self._graves.get(key, -1) >= number or (known is not None and known.number == number):
            return False
        self._graves.pop(key, None)
        self._store(key, known, manifest)
        return True

    def is_news(self, key: Key, number: int) -> bool:
        """Whether an object of this version would be news."""
        known = self._objects[key.kind].get(key)
        return self._graves.get(key, -1) < number and (known is None or known.number < number)

    def forget(self, key: Key) -> bool:
        """Drop an object that is no longer there; whether it was known."""
        return self._remove(key)

    def confirm(self, kind: Kind) -> None:
        """Note that what is known of a kind is current."""
        self._current[kind] = self._clock()

    def bury(self, kind: Kind, up_to: int) -> None:
        """Forget deletions that every list from now on knows of."""
        for key in [key for key, number in self._graves.items() if key.kind is kind and number <= up_to]:
            del self._graves[key]

    def set_served(self, kind: Kind, *, is_served: bool) -> None:
        """Note whether a kind is served; objects of one that is not are gone."""
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

    # ---------------------------------------------------------------------------------------------------- listening

    def subscribe(self, subscriber: Callable[[WatchEvent], None]) -> Callable[[], None]:
        """Tell of every change from now on; returns what ends that."""
        self._subscribers.append(subscriber)
        return lambda: self._subscribers.remove(subscriber)

    def observe(self, observer: Change) -> None:
        """Tell of every change with what was there before."""
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
