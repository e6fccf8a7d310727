"""What a batch of events changes: which are new, and what each listener's profile becomes by them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from segue_core.contract import EventType
from segue_core.listeners.apply import Effect, apply, explain_full, judge
from segue_core.listeners.profile import Profile
from segue_core.store.profiles import ProfileChange, ProfileDocument
from segue_core.store.records import EventRecord, event_key
from segue_core.store.unreadable import UnreadableDocumentError
from segue_jobs.sink.rejection import refused
from segue_jobs.sink.write import RecordOutcome, Write
from segue_jobs.sink.written import Written

Stored = ProfileDocument | UnreadableDocumentError

_OUTCOMES = {
    Effect.APPLIED: RecordOutcome.STORED,
    Effect.REPEATED: RecordOutcome.REPEATED,
    Effect.ERASED: RecordOutcome.ERASED,
}


@dataclass
class EventPlan:
    """The writes that a batch of events needs."""

    erased: list[tuple[str, str]]
    """Catalogue and name of listeners whose stored events must be deleted, before the inserts."""
    inserts: list[bytes]
    profiles: list[ProfileChange]
    rejections: list[Write]
    written: Written


@dataclass
class _Listener:
    key: str
    before: Stored | None
    profile: Profile
    inserts: list[bytes] = field(default_factory=list)
    is_changed: bool = False
    is_erased: bool = False

    def take(self, write: Write, event: EventRecord) -> None:
        """Apply one event."""
        self.profile = apply(self.profile, event, write.position)
        self.is_changed = True
        if event.type is EventType.ERASE:
            self.is_erased = True
            self.inserts.clear()
        else:
            self.inserts.append(write.body)


def plan_events(writes: Sequence[Write], stored: Mapping[str, str], profiles: Mapping[str, Stored]) -> EventPlan:
    """Apply a batch to the profiles.

    Parameters
    ----------
    writes
        The batch's events, in record order.
    stored
        Ids of those that are stored already -> keys of their listeners.
    profiles
        Key -> what is stored of a listener; those without a profile are absent.
    """
    plan = EventPlan([], [], [], [], Written())
    listeners: dict[str, _Listener] = {}
    known = dict(stored)
    for write in writes:
        if (event := write.event) is None:
            raise ValueError(f"{write.position.name} is not an event")
        key = event_key(event.catalogue, event.user)
        listener = listeners.get(key) or listeners.setdefault(key, _begin(key, event, profiles.get(key)))
        _plan_one(plan, listener, write, event, known)
    for listener in listeners.values():
        plan.inserts += listener.inserts
        if listener.is_erased:
            plan.erased.append((listener.profile.catalogue, listener.profile.user))
        if listener.is_changed:
            plan.profiles.append(ProfileChange(listener.before, listener.profile.to_document()))
    plan.written.profiles = len(plan.profiles)
    return plan


def _begin(key: str, event: EventRecord, before: Stored | None) -> _Listener:
    if isinstance(before, ProfileDocument):
        return _Listener(key, before, Profile.of_document(before))
    return _Listener(key, before, Profile(catalogue=event.catalogue, user=event.user))


def _plan_one(plan: EventPlan, listener: _Listener, write: Write, event: EventRecord, known: dict[str, str]) -> None:
    is_readable = listener.is_erased or not isinstance(listener.before, UnreadableDocumentError)
    if not is_readable and event.type is not EventType.ERASE:
        _reject(plan, write, f"{listener.before}; erase the listener, or restore the profile from a backup")
        return
    effect = Effect.REPEATED if write.id in known else judge(listener.profile, event, write.position)
    plan.written.events[event.type, effect] += 1
    if effect is Effect.FULL:
        _reject(plan, write, explain_full(event))
        return
    plan.written.records[write.position.topic, _OUTCOMES[effect]] += 1
    if effect is Effect.APPLIED:
        if event.type is EventType.ERASE:
            for erased in [one for one, owner in known.items() if owner == listener.key]:
                del known[erased]
        else:
            known[write.id] = listener.key
        listener.take(write, event)


def _reject(plan: EventPlan, write: Write, problem: str) -> None:
    plan.rejections.append(refused(write, problem))
