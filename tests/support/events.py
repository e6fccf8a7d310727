"""Events of listeners, as the service makes them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from segue_core.contract import EventType
from segue_core.store.records import EventRecord

BEGIN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def event_id(number: int) -> UUID:
    """A UUIDv7 that depends on ``number`` alone, and grows with it."""
    return UUID(int=number << 80 | 7 << 76 | 2 << 62 | number)


def event(
    number: int, kind: EventType, track: str | None = None, *, minutes: float | None = None, **fields: Any
) -> EventRecord:
    """Event ``number`` of the listener ann, so many minutes after `BEGIN`: by default, ``number``."""
    values: dict[str, Any] = {"catalogue": "fma", "user": "ann", "track_id": track} | fields
    time = BEGIN + timedelta(minutes=number if minutes is None else minutes)
    return EventRecord(id=event_id(number), type=kind, time=time, **values)
