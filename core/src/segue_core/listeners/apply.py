"""What a profile becomes by an event."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import assert_never

from msgspec.structs import replace

from segue_core.contract import EventType
from segue_core.listeners.decay import PLAY_HALF_LIFE_MS, SKIP_HALF_LIFE_MS, counted
from segue_core.listeners.listening import counted_type
from segue_core.listeners.profile import Profile
from segue_core.store.position import Position
from segue_core.store.profiles import Erasure, Opinion, PreferencesEntry, RecentEvent, TrackOpinion
from segue_core.store.records import EventRecord

MAXIMUM_OPINIONS = {Opinion.LIKE: 5_000, Opinion.DISLIKE: 5_000, Opinion.NONE: 1_000}
"""More likes or dislikes are refused; of more that were taken back, the oldest are forgotten."""
MAXIMUM_RECENT = 64

_OPINIONS = {EventType.LIKE: Opinion.LIKE, EventType.DISLIKE: Opinion.DISLIKE, EventType.CLEAR: Opinion.NONE}


class Effect(StrEnum):
    """What an event means to a profile: a closed set."""

    APPLIED = "applied"
    REPEATED = "repeated"
    """The profile has seen it."""
    ERASED = "erased"
    """It is not newer than the listener's erasure."""
    FULL = "full"
    """The listener has as many likes, or dislikes, as a profile holds."""


def judge(profile: Profile, event: EventRecord, position: Position | None = None) -> Effect:
    """What `apply` does with an event."""
    identifier, erasure = str(event.id), profile.erasure
    if position is not None and not position.is_newer_than(profile.seen):
        return Effect.REPEATED
    if erasure is not None and identifier != erasure.event and _milliseconds(event) <= erasure.time_ms:
        return Effect.ERASED
    if any(entry.event == identifier for entry in profile.recent):
        return Effect.REPEATED
    if erasure is not None and identifier == erasure.event:
        return Effect.REPEATED
    return Effect.FULL if _is_full(profile, event) else Effect.APPLIED


def explain_full(event: EventRecord) -> str:
    """Why an event was refused as `Effect.FULL`, and the way out."""
    opinion = _OPINIONS[event.type]
    return f"a listener can have at most {MAXIMUM_OPINIONS[opinion]:,} {opinion}s: clear some before the next"


def apply(profile: Profile, event: EventRecord, position: Position | None = None) -> Profile:
    """The profile after an event.

    Parameters
    ----------
    event
        A valid one (see `segue_core.listeners.validation`), of this listener.
    position
        Where the event is on Kafka; None if it is not there yet: then only its id tells whether it is repeated, among
        the events that arrived last.
    """
    effect = judge(profile, event, position)
    if effect is Effect.APPLIED:
        profile = _applied(profile, event)
    if position is not None and position.is_newer_than(profile.seen):
        return replace(profile, seen=position)
    return profile


def _milliseconds(event: EventRecord) -> int:
    """Time of an event as MongoDB keeps it, so that a stored profile and one in memory compare alike."""
    return int(event.time.timestamp() * 1000)


def _is_full(profile: Profile, event: EventRecord) -> bool:
    if event.type not in (EventType.LIKE, EventType.DISLIKE):
        return False
    opinion = _OPINIONS[event.type]
    most, opinions = MAXIMUM_OPINIONS[opinion], profile.opinions
    before = opinions.get(event.track_id or "")
    if len(opinions) < most or (before is not None and before.opinion is opinion):
        return False
    return sum(entry.opinion is opinion for entry in opinions.values()) >= most


def _applied(profile: Profile, event: EventRecord) -> Profile:
    time_ms, identifier, counts_as = _milliseconds(event), str(event.id), counted_type(event)
    if event.type is EventType.ERASE:
        erasure = Erasure(time_ms=time_ms, event=identifier)
        return Profile(catalogue=profile.catalogue, user=profile.user, erasure=erasure, seen=profile.seen)
    entry = RecentEvent(identifier, time_ms, event.track_id, counts_as)
    profile = replace(profile, recent=(*profile.recent, entry)[-MAXIMUM_RECENT:])
    track_id = event.track_id or ""
    match counts_as:
        case EventType.LIKE | EventType.DISLIKE | EventType.CLEAR:
            opinion = TrackOpinion(track_id, _OPINIONS[counts_as], time_ms, identifier)
            return replace(profile, opinions=_with_opinion(profile.opinions, opinion))
        case EventType.PLAY:
            return replace(profile, plays=counted(profile.plays, track_id, time_ms, PLAY_HALF_LIFE_MS))
        case EventType.SKIP:
            return replace(profile, skips=counted(profile.skips, track_id, time_ms, SKIP_HALF_LIFE_MS))
        case EventType.PREFERENCES:
            return _with_preferences(profile, event, time_ms, identifier)
        case EventType.ERASE | None:
            return profile
        case _:
            assert_never(counts_as)


def _with_opinion(opinions: Mapping[str, TrackOpinion], new: TrackOpinion) -> Mapping[str, TrackOpinion]:
    before = opinions.get(new.track_id)
    if before is not None and (before.time_ms, before.event) >= (new.time_ms, new.event):
        return opinions
    changed = {**opinions, new.track_id: new}
    if new.opinion is Opinion.NONE and len(changed) > MAXIMUM_OPINIONS[Opinion.NONE]:
        cleared = [entry for entry in changed.values() if entry.opinion is Opinion.NONE]
        if len(cleared) > MAXIMUM_OPINIONS[Opinion.NONE]:
            del changed[min(cleared, key=lambda entry: (entry.time_ms, entry.event)).track_id]
    return changed


def _with_preferences(profile: Profile, event: EventRecord, time_ms: int, identifier: str) -> Profile:
    before = profile.preferences
    if event.preferences is None or (before and (before.time_ms, before.event) >= (time_ms, identifier)):
        return profile
    return replace(profile, preferences=PreferencesEntry(stated=event.preferences, time_ms=time_ms, event=identifier))
