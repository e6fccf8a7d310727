"""Events that the stored profiles may not have seen yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from segue_core.store.position import Position
from segue_core.store.records import EventRecord, event_key

MAXIMUM_EVENTS = 200_000


class Tail:
    """Events by listener, in the order of the topic, until the stored profiles have seen them.

    A profile that is read from the store, with the listener's tail applied to it, is up to date.
    """

    def __init__(self, maximum: int = MAXIMUM_EVENTS) -> None:
        self._maximum = maximum
        self._events: dict[str, list[tuple[EventRecord, Position]]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, event: EventRecord, position: Position) -> int:
        """Keep an event; return how many of other listeners had to be given up, because the store is far behind."""
        key = event_key(event.catalogue, event.user)
        self._events.setdefault(key, []).append((event, position))
        self._count += 1
        given_up = 0
        while self._count > self._maximum and len(self._events) > 1:
            given_up += self._drop(next(iter(self._events)))
        return given_up

    def of(self, key: str) -> Sequence[tuple[EventRecord, Position]]:
        """A listener's events, oldest first."""
        return tuple(self._events.get(key, ()))

    def prune(self, seen: Mapping[int, Position]) -> None:
        """Forget what the stored profiles have seen.

        Parameters
        ----------
        seen
            The last position that they have seen, by partition.
        """
        for key in list(self._events):
            events = self._events[key]
            left = [
                (event, position)
                for event, position in events
                if position.partition not in seen or position.is_newer_than(seen[position.partition])
            ]
            if len(left) != len(events):
                self._count -= len(events) - len(left)
                if left:
                    self._events[key] = left
                else:
                    del self._events[key]

    def _drop(self, key: str) -> int:
        dropped = len(self._events.pop(key))
        self._count -= dropped
        return dropped
