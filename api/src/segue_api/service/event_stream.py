"""Applies what comes from the topic ``events`` to the listeners in memory."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from segue_api.metrics import ApiMetrics
from segue_api.ports import Store
from segue_api.service.listeners import Listeners
from segue_core.listeners.validation import find_faults
from segue_core.store.position import Position
from segue_core.store.records import SCHEMA_VERSION, EventRecord, event_key

_decoder = msgspec.json.Decoder(EventRecord)


class EventStream:
    """The topic as this replica sees it."""

    def __init__(self, store: Store, listeners: Listeners, metrics: ApiMetrics) -> None:
        self._store = store
        self._listeners = listeners
        self._metrics = metrics

    def starts(self) -> Mapping[int, int]:
        """The offset of each partition from which the stored profiles may not have seen the events.

        Raises
        ------
        StoreUnavailableError
            The database does not answer.
        """
        return {partition: seen.offset + 1 for partition, seen in self._store.positions().items()}

    def read(self, records: Sequence[tuple[Position, bytes | None, bytes | None]]) -> None:
        """Apply records: position, key and value; what the sink would refuse is passed over."""
        for position, key, value in records:
            event = _event(position, key, value)
            if event is not None:
                self._metrics.events_given_up.inc(self._listeners.follow(event, position))

    def show_lag(self, lag: int | None) -> None:
        """Show how many records are not read yet."""
        self._metrics.events_lag.set(math.nan if lag is None else lag)

    def prune(self) -> None:
        """Forget the events that the stored profiles have seen.

        Raises
        ------
        StoreUnavailableError
            The database does not answer.
        """
        self._listeners.prune(self._store.positions())


def _event(position: Position, key: bytes | None, value: bytes | None) -> EventRecord | None:
    try:
        event = _decoder.decode(value or b"")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    arrived = datetime.fromtimestamp(position.timestamp / 1000, UTC)
    if event.schema_version != SCHEMA_VERSION or key != event_key(event.catalogue, event.user).encode():
        return None
    return None if find_faults(event, arrived) else event
