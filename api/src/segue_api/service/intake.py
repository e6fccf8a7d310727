"""Takes events: checks each one, appends the good ones to the topic, and applies them at once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from segue_api.metrics import ApiMetrics
from segue_api.ports import BrokerUnavailableError, EventLog
from segue_api.problems import Fault, Problem, ProblemError
from segue_api.service.catalogues import Served
from segue_api.service.keyring import Identity
from segue_api.service.listeners import Listeners
from segue_api.wire.listeners import EventEntry, EventFault, EventsTaken, RawEventBatch
from segue_core.contract import EventType, Role
from segue_core.listeners.validation import find_faults
from segue_core.store.events import new_event_id
from segue_core.store.records import EventRecord

logger = logging.getLogger(__name__)

_RETRY_SECONDS = 5
_SHOWN_FAULTS = 5
_OWN_ROUTES = {
    EventType.PREFERENCES: "state preferences with PUT /v1/users/{user}/preferences",
    EventType.ERASE: "erase a listener with DELETE /v1/users/{user}/profile",
}


class _RefusedError(ValueError):
    """Why an event is not taken."""


def _now() -> datetime:
    return datetime.now(UTC)


class EventIntake:
    """The way of an event from a request to the topic and to this replica's own view."""

    def __init__(
        self, log: EventLog, listeners: Listeners, metrics: ApiMetrics, clock: Callable[[], datetime] = _now
    ) -> None:
        self._log = log
        self._listeners = listeners
        self._metrics = metrics
        self._clock = clock

    async def take_batch(self, served: Served, batch: RawEventBatch, identity: Identity) -> EventsTaken:
        """Take the good events of a batch, and say what is wrong with the others.

        Raises
        ------
        ProblemError
            No event is good, or the broker does not acknowledge.
        """
        now = self._clock()
        events: dict[UUID, EventRecord] = {}
        refused: list[EventFault] = []
        places: dict[UUID, int] = {}
        for index, raw in enumerate(batch.events):
            try:
                event = self._event(served, raw, identity, now)
                _check_new(event, places)
            except _RefusedError as error:
                refused.append(EventFault(index=index, faults=tuple(map(str, error.args[:_SHOWN_FAULTS]))))
            else:
                events[event.id], places[event.id] = event, index
        if not events:
            raise ProblemError(
                Problem.INVALID_BODY,
                f"none of the {len(batch.events)} events can be taken",
                faults=tuple(
                    Fault(pointer=f"/events/{fault.index}", detail="; ".join(fault.faults)) for fault in refused[:20]
                ),
            )
        await self.take(tuple(events.values()))
        return EventsTaken(catalogue=served.name, taken=tuple(map(str, events)), refused=tuple(refused))

    async def take(self, events: Sequence[EventRecord]) -> None:
        """Append events to the topic and apply them.

        Raises
        ------
        ProblemError
            The broker does not acknowledge.
        """
        try:
            await self._log.append(events)
        except BrokerUnavailableError as error:
            raise ProblemError(
                Problem.BROKER_UNAVAILABLE,
                f"{error}; send the events again with the same ids",
                retry_after=_RETRY_SECONDS,
                ids=tuple(str(event.id) for event in events),
            ) from error
        for event in events:
            self._listeners.take(event)
            self._metrics.count_event(event)

    def new_event(self, served: Served, user: str, kind: EventType, **fields: object) -> EventRecord:
        """An event that the service makes itself.

        Raises
        ------
        ProblemError
            It is not valid.
        """
        now = self._clock()
        event = msgspec.structs.replace(
            EventRecord(id=new_event_id(now), catalogue=served.name, user=user, type=kind, time=now), **fields
        )
        if faults := find_faults(event, now):
            raise ProblemError(
                Problem.INVALID_BODY,
                faults[0],
                faults=tuple(Fault(pointer="", detail=fault) for fault in faults[:_SHOWN_FAULTS]),
            )
        return event

    def _event(self, served: Served, raw: msgspec.Raw, identity: Identity, now: datetime) -> EventRecord:
        try:
            entry = msgspec.json.decode(raw, type=EventEntry)
        except RecursionError:
            raise _RefusedError("it is nested too deeply") from None
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise _RefusedError(str(error)) from None
        event = EventRecord(
            id=_identifier(entry.id, now),
            catalogue=served.name,
            user=_listener(entry.user, identity),
            type=entry.type,
            time=_time(entry.time, now),
            track_id=entry.track_id,
            position_ms=entry.position_ms,
            duration_ms=entry.duration_ms,
            client=entry.client,
            context=entry.context,
        )
        if entry.type in _OWN_ROUTES:
            raise _RefusedError(f"the type {entry.type} does not belong here: {_OWN_ROUTES[entry.type]}")
        if faults := find_faults(event, now):
            raise _RefusedError(*faults)
        if event.track_id is not None and not _is_known(served, event.track_id):
            raise _RefusedError(f"catalogue {served.name!r} has no track {event.track_id!r}")
        if refusal := self._listeners.find_refusal(event):
            raise _RefusedError(refusal)
        return event


def _check_new(event: EventRecord, places: Mapping[UUID, int]) -> None:
    if event.id in places:
        raise _RefusedError(f"its id is that of event {places[event.id]} of this batch")


def _identifier(text: str | None, now: datetime) -> UUID:
    if text is None:
        return new_event_id(now)
    try:
        return UUID(text)
    except ValueError:
        raise _RefusedError(f"id {text[:60]!r} is not a UUID") from None


def _listener(user: str | None, identity: Identity) -> str:
    if identity.role is Role.LISTENER and user not in (None, identity.user):
        raise _RefusedError("the key belongs to another listener than user names")
    listener = user if user is not None else identity.user
    if listener is None:
        raise _RefusedError("user is missing: this key belongs to no listener")
    return listener


def _time(time: datetime | None, now: datetime) -> datetime:
    if time is not None and time.tzinfo is None:
        raise _RefusedError(f"time {time.isoformat()} has no zone; add one, for example Z")
    return time or now


def _is_known(served: Served, track_id: str) -> bool:
    known: Collection[str] = served.recommender.absent
    return track_id in served.recommender.tracks.row_of or track_id in known
